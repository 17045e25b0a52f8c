// The CPU time of a thread or a process as a clock: which clock a number names, and what it shows.
// Contexts: reading in any. Lock: TaskTree.Lock keeps the thread or process there while it is used; finding one needs it held.
// Linux: posix-cpu-timers.c. man 3 clock_getcpuclockid, pthread_getcpuclockid.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal readonly struct CpuClock
{
    // A negative number names the CPU time of a task: its id, inverted, above three bits that say which.
    private const int KindMask = 3, ThreadBit = 4;
    private const int KindUser = 1, KindScheduled = 2;

    /// <summary>One of the two.</summary>
    public readonly ThreadGroup? Process;
    public readonly Task? Thread;

    /// <summary>Counts user mode alone.</summary>
    public readonly bool CountsUser;

    public CpuClock(ThreadGroup? process, Task? thread, bool countsUser = false)
    {
        Process = process;
        Thread = thread;
        CountsUser = countsUser;
    }

    /// <summary>True for numbers that may name CPU time.</summary>
    public static bool IsNumber(int clock) => clock < 0 || clock is ClockId.CLOCK_PROCESS_CPUTIME_ID or ClockId.CLOCK_THREAD_CPUTIME_ID;

    /// <summary>True for numbers of a thread's clock.</summary>
    public static bool IsOfThread(int clock) => clock < 0 ? (clock & ThreadBit) != 0 : clock == ClockId.CLOCK_THREAD_CPUTIME_ID;

    /// <summary>True for numbers of clocks that count user mode alone.</summary>
    public static bool CountsUserOnly(int clock) => clock < 0 && (clock & KindMask) == KindUser;

    /// <summary>True when the number means the caller's own thread.</summary>
    public static bool IsOwnThread(int clock) => IsOfThread(clock) && (clock >= 0 || ~(clock >> 3) is var id && (id == 0 || id == Task.Current.Id));

    /// <summary>Nanoseconds of the grain that the clock promises.</summary>
    public static long ResolutionOf(int clock) => clock >= 0 || (clock & KindMask) == KindScheduled ? 1 : Jiffies.Nanoseconds;

    /// <summary>
    /// The clock that a number names. TaskTree.Lock held. EINVAL: none; threads are found in the caller's process only, and processes by the
    /// leader's id; the caller's own id does, too, when the clock is only read.
    /// </summary>
    public static Errno Find(int clock, bool onlyRead, out CpuClock found)
    {
        var current = Task.Current;
        var countsUser = CountsUserOnly(clock);
        var id = clock < 0 ? ~(clock >> 3) : 0;
        found = default;
        if (clock < 0 && (clock & KindMask) > KindScheduled)
            return Errno.EINVAL;
        if (IsOfThread(clock))
        {
            var thread = id == 0 ? current : TaskTree.Find(id);
            if (thread is null || thread.Group != current.Group)
                return Errno.EINVAL;
            found = new CpuClock(null, thread, countsUser);
            return Errno.None;
        }

        var process = id == 0 || (onlyRead && id == current.Id) ? current.Group : TaskTree.FindProcess(id);
        if (process is null)
            return Errno.EINVAL;
        found = new CpuClock(process, null, countsUser);
        return Errno.None;
    }

    /// <summary>Nanoseconds it shows now; exact but for a tick of threads that run on other CPUs.</summary>
    public long Read()
    {
        if (Thread is not null)
            return CountsUser ? Thread.UserTime : Thread.TotalRunTime;
        Process!.GetTimes(out var user, out var system);
        return CountsUser ? user : user + system;
    }

    /// <summary>The same as accounted so far; cheap. A tick has brought its own task's account up to date.</summary>
    public long ReadInTick()
    {
        if (CountsUser)
            return Read();
        return Thread is not null ? Volatile.Read(ref Thread.RunTime) : Volatile.Read(ref Process!.RunTime);
    }
}
