// The timers of a process. Guard: TaskTree.Lock.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    internal long RealInterval;
    internal RealTimerState RealTimerState;
    internal long ProfileInterval, VirtualInterval;

    private ThreadGroup()
    {
        RealTimer = new HighResolutionTimer(static timer => IntervalTimers.Fire(timer), this, "it_real_fn");
        ProfileTimer = new CpuAlarm(static alarm => IntervalTimers.FireProfile(alarm), this);
        VirtualTimer = new CpuAlarm(static alarm => IntervalTimers.FireVirtual(alarm), this);
    }

    internal HighResolutionTimer RealTimer { get; }
    internal CpuAlarm ProfileTimer { get; }
    internal CpuAlarm VirtualTimer { get; }

    /// <summary>Alarms on the CPU time of the whole process, its own and other processes'.</summary>
    internal CpuAlarms CpuAlarms;

    /// <summary>POSIX timers by their id.</summary>
    internal RedBlackTree<PosixTimer, PosixTimer.ById> PosixTimers;

    /// <summary>The id that the next POSIX timer gets, if it is free.</summary>
    internal int NextPosixTimer;

    /// <summary>How many POSIX timers stand still because their signal is ignored.</summary>
    internal int IgnoredPosixTimers;

    /// <summary>A new process has no timers. The object's last user may have left one running.</summary>
    private void ResetTimers()
    {
        RealTimerState = RealTimerState.Off;
        RealTimer.TryCancel(); // a callback under way waits for the lock, then finds it off
        RealInterval = ProfileInterval = VirtualInterval = 0;
        CpuAlarms.Clear();
        PosixTimers = default;
        NextPosixTimer = 0;
        IgnoredPosixTimers = 0;
    }
}
