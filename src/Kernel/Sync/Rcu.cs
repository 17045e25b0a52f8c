// Read-copy-update: readers take no lock and write nothing that others see; who changes the data publishes the new version, waits until
// nobody can see the old one any more (a grace period), and only then reuses its memory.
// A reader is a stretch of code with preemption off; so a CPU that has switched tasks, idles, or is found by its tick where it may be preempted,
// has left every reader that it was in. docs/decisions/0005-classic-rcu.md. Grace periods: GracePeriods/.
// Contexts: Read and Call in any; Synchronize and Barrier sleep. Ordering: a grace period begins with a full barrier after what was unlinked
// before it was asked for, and ends when every CPU has passed such a point that it reached after that (GracePeriod.cs says how that is seen).
// Linux: rcu_read_lock(), rcu_dereference(), rcu_assign_pointer(), call_rcu().
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public static partial class Rcu
{
    private static RcuCpu[] s_cpus = null!;
    private static long s_begun, s_ended; // grace periods, by number
    private static long s_asked;          // the last one that somebody needs
    private static long s_stallAt;        // when the one under way is too old; zero: none is
    private static WaitQueue s_wanted = null!, s_passed = null!, s_called = null!;

    /// <summary>Called by the scheduler's start: its ticks and switches are what grace periods are made of. Boot.</summary>
    internal static void Init()
    {
        s_begun = 0;
        s_ended = 0;
        s_asked = 0;
        s_stallAt = 0;
        s_wanted = new WaitQueue();
        s_passed = new WaitQueue();
        s_called = new WaitQueue();
        s_cpus = new RcuCpu[Cpu.Count];
        for (var cpu = 0; cpu < s_cpus.Length; cpu++)
            s_cpus[cpu] = new RcuCpu();
        InitGracePeriods();
        Softirq.Register(SoftirqVector.Rcu, static () => Serve());
    }

    /// <summary>Begins a reader; <c>using</c> ends it. What it finds stays what it is until then. Nests; must not sleep. Any context.</summary>
    public static ReadGuard Read()
    {
        if (!LockFaults.Has(LockFault.RcuReaderNotCounted))
            Preemption.Disable();
        Cpu.Interleave();
        return new ReadGuard(reads: true);
    }

    /// <summary>Shows a new version: all that was written to it is seen before it is. Linux: rcu_assign_pointer().</summary>
    public static void Publish<T>(ref T location, T value)
        where T : class?
    {
        Volatile.Write(ref location, value);
        Cpu.Interleave();
    }

    /// <summary>The version that is shown now. In a reader, or with the writers' lock held. Linux: rcu_dereference().</summary>
    public static T Look<T>(ref T location)
        where T : class? => Volatile.Read(ref location);

    /// <summary>
    /// Has the callback called, in softirq context, when every reader that may see what the caller has unlinked has ended. The grace period begins
    /// with this CPU's next softirqs, at the next tick at the latest: so no lock is taken here but a leaf. Any context.
    /// </summary>
    public static void Call(RcuCallback callback)
    {
        var wereOn = Cpu.DisableInterrupts();
        s_cpus[Cpu.Id].Add(callback, ref s_begun);
        Softirq.MarkPending(SoftirqVector.Rcu);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>Names the grace period that covers what the caller has unlinked; for <see cref="HasPassed"/>. Any context. Linux: get_state_synchronize_rcu().</summary>
    public static long Now
    {
        get
        {
            Interlocked.MemoryBarrier();
            return Volatile.Read(ref s_begun) + 1;
        }
    }

    /// <summary>That grace period has ended. Any context. Linux: poll_state_synchronize_rcu().</summary>
    public static bool HasPassed(long moment) => Volatile.Read(ref s_ended) >= moment;

    /// <summary>A tick: the CPU passes a quiet point if it could be preempted where the tick came. The run queue is locked. Hardirq.</summary>
    internal static void Tick(RunQueue queue, TaskContext current)
    {
        if (current.PreemptCount == Preemption.HardirqOne)
            queue.QuietPoints++;
    }

    private static void EndRead()
    {
        if (!LockFaults.Has(LockFault.RcuReaderNotCounted))
            Preemption.Enable();
    }

    public readonly ref struct ReadGuard
    {
        private readonly bool _reads;

        internal ReadGuard(bool reads) => _reads = reads;

        public void Dispose()
        {
            if (_reads)
                EndRead();
        }
    }
}
