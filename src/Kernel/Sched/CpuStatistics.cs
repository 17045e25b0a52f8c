// What each CPU spent its time on, as /proc/stat tells it. User, nice and system time are sampled by the tick; idle and interrupt time are
// measured. Contexts: written by its own CPU only; read by anyone as a hint. Linux: struct kernel_cpustat.
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public sealed class CpuStatistics
{
    private static CpuStatistics[] s_all = null!;

    private long _user, _nice, _system, _idle, _irq, _softirq;
    private long _idleSince; // 0: not idle

    /// <summary>The statistics of a CPU that was found at start-up.</summary>
    public static CpuStatistics Of(int cpu) => s_all[cpu];

    /// <summary>Nanoseconds in user mode of tasks with nice 0 or less.</summary>
    public long User => _user;

    /// <summary>Nanoseconds in user mode of tasks with nice above 0.</summary>
    public long Nice => _nice;

    public long System => _system;
    public long Irq => _irq;
    public long Softirq => _softirq;

    /// <summary>Nanoseconds without a task, up to now.</summary>
    public long Idle
    {
        get
        {
            var since = Volatile.Read(ref _idleSince);
            var now = Clock.Now;
            return _idle + (since != 0 && now > since ? now - since : 0);
        }
    }

    /// <summary>Context switches of all CPUs.</summary>
    public static long TotalSwitches
    {
        get
        {
            var sum = 0L;
            for (var cpu = 0; cpu < Cpu.Count; cpu++)
                sum += RunQueue.Of(cpu).Switches;
            return sum;
        }
    }

    /// <summary>Tasks that run or wait for a CPU now.</summary>
    public static int TotalRunnable
    {
        get
        {
            var sum = 0;
            for (var cpu = 0; cpu < Cpu.Count; cpu++)
                sum += RunQueue.Of(cpu).Runnable;
            return sum;
        }
    }

    /// <summary>Tasks that sleep uninterruptibly now.</summary>
    public static int TotalUninterruptible
    {
        get
        {
            var sum = 0;
            for (var cpu = 0; cpu < Cpu.Count; cpu++)
                sum += Volatile.Read(ref RunQueue.Of(cpu).Uninterruptible);
            return sum < 0 ? 0 : sum;
        }
    }

    internal static void Init()
    {
        s_all = new CpuStatistics[Cpu.Count];
        for (var cpu = 0; cpu < s_all.Length; cpu++)
            s_all[cpu] = new CpuStatistics();
    }

    internal void CountTicks(int ticks, bool fromUser, bool isNice)
    {
        var time = ticks * CpuTime.TickLength;
        if (!fromUser)
            _system += time;
        else if (isNice)
            _nice += time;
        else
            _user += time;
    }

    internal void EnterIdle(long now) => Volatile.Write(ref _idleSince, now);

    /// <summary>Ends an idle time; does nothing when there is none. Called by the interrupt that ends it, and by the idle loop.</summary>
    internal void LeaveIdle(long now)
    {
        var since = _idleSince;
        if (since == 0)
            return;
        _idle += now - since;
        Volatile.Write(ref _idleSince, 0);
    }

    internal void AddIrq(long nanoseconds) => _irq += nanoseconds;

    internal void AddSoftirq(long nanoseconds) => _softirq += nanoseconds;
}
