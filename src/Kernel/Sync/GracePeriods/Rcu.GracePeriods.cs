// Grace periods: asked for, gone through one after the other by the thread rcu_sched, and waited for. The thread sleeps while nobody asks.
// Contexts: Synchronize and Barrier in process context, holding nothing that a reader or a callback needs; Serve is the softirq RCU.
// No request is lost: s_asked is written before the thread is woken. No callback is lost: see Serve.
// Linux: synchronize_rcu(), synchronize_rcu_expedited(), rcu_barrier(), rcu_gp_kthread(), rcu_core().
using System;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public static partial class Rcu
{
    private const int MostAtOnce = 32;

    private static GracePeriod s_period = null!;
    private static int s_hurries;
    private static long s_adopted; // bit n: callbacks of CPU n, which idles, are due, and are run elsewhere

    /// <summary>Seconds after which a grace period that does not end is told in the log; zero: never.</summary>
    public static int StallSeconds { get; set; }

    public const int UsualStallSeconds = 21;

    /// <summary>Grace periods that have ended; callbacks that have run. For reports and tests.</summary>
    public static long Ended => Volatile.Read(ref s_ended);

    public static long CallbacksRun
    {
        get
        {
            var sum = 0L;
            foreach (var cpu in s_cpus.AsSpan())
                sum += cpu.Ran;
            return sum;
        }
    }

    private static long CallbacksQueued
    {
        get
        {
            var sum = 0L;
            foreach (var cpu in s_cpus.AsSpan())
                sum += cpu.Queued;
            return sum;
        }
    }

    private static void InitGracePeriods()
    {
        s_period = new GracePeriod();
        s_hurries = 0;
        s_adopted = 0;
        StallSeconds = UsualStallSeconds;
    }

    /// <summary>Starts the thread. Process context; may sleep.</summary>
    public static void Start() => KernelThread.Run("rcu_sched"u8, static _ => Live());

    /// <summary>Sleeps until every reader has ended that may see what the caller has unlinked.</summary>
    public static void Synchronize()
    {
        Context.MightSleep();
        if (Scheduler.HasStarted)
            WaitFor(Now);
    }

    /// <summary>The same, sooner: other CPUs are made to give way instead of being waited for.</summary>
    public static void SynchronizeExpedited()
    {
        Interlocked.Increment(ref s_hurries);
        s_wanted.WakeUp();
        Synchronize();
        Interlocked.Decrement(ref s_hurries);
    }

    private static void WaitFor(long moment)
    {
        Ask(moment);
        s_passed.WaitEvent(moment, static moment => HasPassed(moment), TaskState.Uninterruptible);
    }

    /// <summary>Sleeps until every callback queued before has run.</summary>
    public static void Barrier()
    {
        Context.MightSleep();
        Ask(Now);
        foreach (var cpu in s_cpus.AsSpan())
            s_called.WaitEvent(new Place(cpu, cpu.Queued), static place => place.Cpu.Ran >= place.Count, TaskState.Uninterruptible);
    }

    private readonly struct Place
    {
        public readonly RcuCpu Cpu;
        public readonly long Count;

        public Place(RcuCpu cpu, long count)
        {
            Cpu = cpu;
            Count = count;
        }
    }

    private static void Ask(long moment)
    {
        while (true)
        {
            var asked = Volatile.Read(ref s_asked);
            if (asked >= moment)
                return;
            if (Interlocked.CompareExchange(ref s_asked, moment, asked) == asked)
                break;
        }

        s_wanted.WakeUp();
    }

    /// <summary>The thread's life.</summary>
    internal static int Live()
    {
        while (true)
        {
            s_wanted.WaitEvent(0, static _ => Volatile.Read(ref s_asked) > Volatile.Read(ref s_ended), TaskState.Idle);
            GoThrough();
        }
    }

    private static void GoThrough()
    {
        var number = Interlocked.Increment(ref s_begun); // a full barrier: see GracePeriod
        Cpu.Interleave();
        Volatile.Write(ref s_stallAt, StallSeconds == 0 ? 0 : TimeKeeper.Monotonic + StallSeconds * 1_000_000_000L);
        s_period.Begin();
        for (var look = 0; !s_period.HasEnded; look++)
        {
            var isUrgent = Volatile.Read(ref s_hurries) != 0;
            if (isUrgent || look >= GracePeriod.PatientLooks)
                s_period.Urge();
            var wait = isUrgent ? GracePeriod.ShortWait : GracePeriod.UsualWait;
            s_wanted.WaitEventUntil(isUrgent, static wasUrgent => !wasUrgent && Volatile.Read(ref s_hurries) != 0, TimeKeeper.Monotonic + wait, TaskState.Idle);
            s_period.Look();
        }

        Volatile.Write(ref s_stallAt, 0);
        Interlocked.Exchange(ref s_ended, number);
        s_passed.WakeUpAll();
        RaiseDue();
    }

    // A CPU that halts is not woken for its callbacks.
    private static void RaiseDue()
    {
        var adopted = 0L;
        for (var cpu = 0; cpu < s_cpus.Length; cpu++)
        {
            if (!s_cpus[cpu].HasDue(s_ended))
                continue;
            if (CpuStatistics.Of(cpu).IsHalted)
                adopted |= 1L << cpu;
            else
                Softirq.RaiseFor(cpu, SoftirqVector.Rcu);
        }

        if (adopted == 0)
            return;
        Interlocked.Or(ref s_adopted, adopted);
        Softirq.Raise(SoftirqVector.Rcu);
    }

    // The softirq. Comes after each callback queued on this CPU, so that a grace period is asked for; at the end of one for those that are due;
    // and again while more are.
    private static void Serve()
    {
        var here = s_cpus[Cpu.Id];
        Ask(here.LastUntil);
        RunDue(here);
        if (Volatile.Read(ref s_adopted) == 0)
            return;
        var adopted = Interlocked.Exchange(ref s_adopted, 0);
        for (var cpu = 0; cpu < s_cpus.Length; cpu++)
        {
            if ((adopted >> cpu & 1) != 0)
                RunDue(s_cpus[cpu]);
        }
    }

    // Some at a time, so that other softirqs have their turn. Who comes while another CPU runs them leaves it to that one, which looks again.
    private static void RunDue(RcuCpu cpu)
    {
        if (cpu.BeginRun(Volatile.Read(ref s_ended), MostAtOnce) is not { } callback)
            return;
        var count = 0;
        for (RcuCallback? next = callback; next is not null; count++)
        {
            var run = next;
            next = run.Next; // afterwards it may be queued again, or not be a callback any more
            run.IsQueued = false;
            run.Run();
        }

        if (cpu.EndRun(count, Volatile.Read(ref s_ended)))
        {
            Interlocked.Or(ref s_adopted, 1L << IndexOf(cpu));
            Softirq.Raise(SoftirqVector.Rcu);
        }

        s_called.WakeUpAll();
    }

    private static int IndexOf(RcuCpu wanted)
    {
        var index = 0;
        while (s_cpus[index] != wanted)
            index++;
        return index;
    }

    /// <summary>The grace period under way has taken too long: told once for each such time. Hardirq, no lock held.</summary>
    internal static void LookForStall()
    {
        var due = Volatile.Read(ref s_stallAt);
        if (due == 0 || TimeKeeper.Monotonic < due)
            return;
        if (Interlocked.CompareExchange(ref s_stallAt, TimeKeeper.Monotonic + 3 * StallSeconds * 1_000_000_000L, due) == due)
            s_period.TellStall(s_begun, CallbacksQueued - CallbacksRun);
    }
}
