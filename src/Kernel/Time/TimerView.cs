// What /proc/timer_list tells of a queued timer.
namespace Jiffy.Kernel.Time;

public struct TimerView
{
    public string Name;

    /// <summary>Between these two moments it fires; on its clock, in nanoseconds.</summary>
    public long Deadline, Latest;
}
