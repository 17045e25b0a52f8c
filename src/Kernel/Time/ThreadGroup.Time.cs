// The interval timers of a process. Guard: TaskTree.Lock.
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    internal long RealInterval;
    internal bool IsRealTimerOn;
    internal CpuIntervalTimer VirtualTimer, ProfileTimer;

    private ThreadGroup() => RealTimer = new HighResolutionTimer(static timer => IntervalTimers.Fire(timer), this, "it_real_fn");

    internal HighResolutionTimer RealTimer { get; }

    /// <summary>A new process has no timers. The object's last user may have left one running.</summary>
    private void ResetTimers()
    {
        IsRealTimerOn = false;
        RealTimer.TryCancel(); // a callback under way waits for the lock, then finds it off
        RealInterval = 0;
        VirtualTimer = default;
        ProfileTimer = default;
    }
}
