// CPU time of a process: what all its threads, living and ended, have used. Atomic additions; no lock.
using Jiffy.Kernel.Sched;

namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    internal long RunTime, UserTicks, SystemTicks;
    internal long UserTimeTold, SystemTimeTold;

    /// <summary>CPU time of all threads, ended ones too, in nanoseconds. Exact but for a tick of threads running on other CPUs.</summary>
    public long TotalRunTime
    {
        get
        {
            CpuTime.Split(this, out var user, out var system);
            return user + system;
        }
    }

    /// <summary>User and kernel part of <see cref="TotalRunTime"/>.</summary>
    public void GetTimes(out long user, out long system) => CpuTime.Split(this, out user, out system);

    /// <summary>A new process has used nothing. Called by fork with a fresh thread group.</summary>
    internal void ResetTimes()
    {
        RunTime = 0;
        UserTicks = 0;
        SystemTicks = 0;
        UserTimeTold = 0;
        SystemTimeTold = 0;
        ResetTimers();
    }
}
