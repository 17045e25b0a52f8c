// What each CPU spent its time on, as /proc/stat tells it. Every nanosecond goes into one column, so that their sum is the CPU's time: idle,
// interrupt and softirq time are measured; what is left between two ticks goes where the tick finds the CPU, and what is left when it begins
// to idle goes to the side on which ticks found the last task mostly. Contexts: written by its own CPU only, interrupts off; read by anyone
// as a hint. Linux: struct kernel_cpustat, account_process_tick(), irqtime_account_irq().
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public sealed class CpuStatistics
{
    private static CpuStatistics[] s_all = null!;

    private long _user, _nice, _system, _idle, _irq, _softirq;
    private long _idleSince; // 0: not idle
    private long _settled;   // up to here all time is in a column
    private long _apart;     // interrupt and softirq time until then

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

    /// <summary>A tick found the CPU busy: all since the last one counts as what it found.</summary>
    internal void Tick(long now, bool fromUser, bool isNice) => AddBusy(Rest(now), fromUser, isNice);

    /// <summary>A task gives the CPU to the idle task.</summary>
    internal void StopBusy(long now, bool isMostlyUser, bool isNice) => AddBusy(Rest(now), isMostlyUser, isNice);

    /// <summary>The idle task gives the CPU to another.</summary>
    internal void StopIdle(long now) => _idle += Rest(now);

    private void AddBusy(long time, bool isUser, bool isNice)
    {
        if (!isUser)
            _system += time;
        else if (isNice)
            _nice += time;
        else
            _user += time;
    }

    // The time that is in no column yet, taken out.
    private long Rest(long now)
    {
        var apart = _irq + _softirq;
        var rest = now - _settled - (apart - _apart);
        if (rest < 0)
            return 0; // not settled: the clock was read before an interrupt that came since
        _settled = now;
        _apart = apart;
        return rest;
    }

    /// <summary>
    /// It halts: neither a task nor an interrupt runs. What it reads after it has ceased to is as new as what the asker wrote before a full barrier.
    /// </summary>
    internal bool IsHalted => Volatile.Read(ref _idleSince) != 0;

    /// <summary>The CPU is about to halt. Interrupts off.</summary>
    internal void EnterIdle(long now)
    {
        _idle += Rest(now);
        Volatile.Write(ref _idleSince, now);
    }

    /// <summary>Ends an idle time; does nothing when there is none. Called by the interrupt that ends it, and by the idle loop.</summary>
    internal void LeaveIdle(long now)
    {
        if (_idleSince == 0)
            return;
        _idle += Rest(now);
        Interlocked.Exchange(ref _idleSince, 0);
        Cpu.Interleave();
    }

    internal void AddIrq(long nanoseconds) => _irq += nanoseconds;

    internal void AddSoftirq(long nanoseconds) => _softirq += nanoseconds;
}
