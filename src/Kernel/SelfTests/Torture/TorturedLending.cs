// Locks that lend priority, under torture: threads whose priorities change take chains of them, in order and against it, wait for a time only, and are told
// when they would wait for themselves. Nobody is inside with another, an owner never runs below its first waiter, and in the end nothing is lent.
// Contexts: process. Guards: what a lock guards is plain, the accounts outside are atomic. Linux: rt-tester, ww_mutex and locktorture's rtmutex_lock.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.SelfTests;

internal static class TorturedLending
{
    private const int Locks = 5, HighestPriority = 20;
    private const long Longest = 4_000, Patience = 2_000_000;

    private static RtMutex[] s_locks = null!;
    private static int[] s_inside = null!;      // by lock; atomic
    private static long[] s_counts = null!;     // by lock; guard: the lock
    private static long s_taken, s_timeOuts, s_circles, s_loans;

    public static void Init()
    {
        s_locks = new RtMutex[Locks];
        for (var i = 0; i < Locks; i++)
            s_locks[i] = new RtMutex();
        s_inside = new int[Locks];
        s_counts = new long[Locks];
    }

    public static void Begin()
    {
        for (var i = 0; i < Locks; i++)
        {
            s_inside[i] = 0;
            s_counts[i] = 0;
        }

        s_taken = 0;
        s_timeOuts = 0;
        s_circles = 0;
        s_loans = 0;
    }

    public static void Step(ref TortureRandom random)
    {
        var current = Task.Current;
        var isRealTime = random.Below(2) == 0;
        if (isRealTime)
            Scheduler.SetPolicy(current, SchedulingPolicy.SCHED_FIFO, 1 + random.Below(HighestPriority), 0, false);
        TakeChain(current, random.Below(Locks), random.Below(3) == 0 ? -1 : 1, ref random);
        if (isRealTime)
            Scheduler.SetPolicy(current, SchedulingPolicy.SCHED_OTHER, 0, 0, false);
        Torture.That(current.BlockedOn is null && !current.HasLenders, "a thread without locks has something lent");
        Torture.That(current.EffectivePriority == Priorities.NormalOf(current), "a thread without locks has not its own priority");
    }

    // One lock, perhaps the next with it held, and so on, in one direction. Against the order of others it may be told that it waits for itself.
    private static void TakeChain(Task current, int which, int direction, ref TortureRandom random)
    {
        if (which is < 0 or >= Locks || !TryTake(s_locks[which], current, ref random))
            return;
        Torture.That(Interlocked.Increment(ref s_inside[which]) == 1, "two are inside a lock that lends priority");
        s_counts[which]++;
        Interlocked.Increment(ref s_taken);
        Helper.Spin(random.Below((int)Longest));
        if (random.Below(8) == 0)
            Sleep.For(random.Below((int)Longest), TaskState.Uninterruptible);
        if (random.Below(2) == 0)
            TakeChain(current, which + direction, direction, ref random);
        LookAtLoan(s_locks[which], current);
        Interlocked.Decrement(ref s_inside[which]);
        s_locks[which].Unlock(current);
    }

    private static bool TryTake(RtMutex mutex, Task current, ref TortureRandom random)
    {
        if (random.Below(4) == 0)
            return mutex.TryLock(current);
        var deadline = random.Below(3) == 0 ? TimeKeeper.Monotonic + random.Below((int)Patience) : long.MaxValue;
        var error = mutex.Lock(current, TaskState.Uninterruptible, deadline, detects: true);
        if (error == Errno.ETIMEDOUT)
            Interlocked.Increment(ref s_timeOuts);
        else if (error == Errno.EDEADLK)
            Interlocked.Increment(ref s_circles);
        else
            Torture.That(error == Errno.None, "a lock that lends priority fails for no reason");
        return error == Errno.None;
    }

    // With the lock's own lock held neither owner nor first waiter changes.
    private static void LookAtLoan(RtMutex mutex, Task owner)
    {
        using (mutex.Inner.Acquire())
        {
            Torture.That(mutex.Owner == owner, "a lock that lends priority is not its owner's");
            if (mutex.First is not { } first)
                return;
            using (owner.WakeLock.Acquire())
                Torture.That(owner.EffectivePriority <= first.Lent, "an owner runs below its first waiter");
        }

        Interlocked.Increment(ref s_loans);
    }

    /// <summary>All threads have ended.</summary>
    public static void Settle()
    {
        var counted = 0L;
        for (var i = 0; i < Locks; i++)
        {
            Torture.That(!s_locks[i].IsHeld && s_locks[i].First is null, "a lock that lends priority is held at the end");
            counted += s_counts[i];
        }

        Torture.That(counted == s_taken, "what a lock that lends priority guards was changed by two at once");
    }

    public static void Tell(Report report)
    {
        report.Text.Append($"# locks that lend priority: {s_taken} taken, {s_loans} seen lending, {s_timeOuts} given up, {s_circles} circles found\n");
        report.AtLeast(s_taken, 1, "locks taken that lend priority");
    }
}
