// Fast user-space locks: tasks that sleep on a word of user memory. The word is only looked at here; what it means is the program's business,
// but for locks that lend priority: Futex.Pi.cs. Beside it: Futex.Requeue.cs, Futex.RequeuePi.cs, Futex.Vector.cs, Futex.Exit.cs.
// No wake-up is lost: a waiter reads the word and queues itself under the bucket's lock; a waker changes the word before it takes that
// lock. So either the waiter sees the new value and does not sleep, or the waker finds it queued.
// Contexts: process; may sleep. Locks: the buckets'. Linux: kernel/futex. man 2 futex.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public static partial class Futex
{
    /// <summary>The bit set that meets every other.</summary>
    public const uint AllBits = uint.MaxValue;

    private const int Buckets = 256;

    private static FutexBucket[] s_buckets = null!;

    /// <summary>Boot, once; TaskTree knows how many threads there may be.</summary>
    public static void Init()
    {
        s_buckets = new FutexBucket[Buckets];
        for (var i = 0; i < Buckets; i++)
            s_buckets[i] = new FutexBucket(i);
        FutexPiState.Init(TaskTree.MaxThreads);
        InitVectors();
    }

    /// <summary>Sleeps while the word is <paramref name="expected"/>, until woken or until <paramref name="deadline"/> on <paramref name="clock"/>.</summary>
    /// <returns>None: woken; EAGAIN: the word differs; ETIMEDOUT; ERESTARTSYS: a signal; EFAULT; EINVAL: misaligned, or no bits.</returns>
    internal static Errno Wait(ulong address, uint expected, bool isPrivate, uint bits, long deadline, ClockBase clock)
    {
        if (bits == 0)
            return Errno.EINVAL;
        var current = Task.Current;
        var waiter = current.FutexWaiter;
        waiter.Begin(current, bits);
        var error = FindKey(address, isPrivate, out waiter.Key);
        if (error == Errno.None)
            error = QueueIfEqual(waiter, address, expected);
        if (error != Errno.None)
            return error;
        var timer = StartTimer(current, deadline, clock);
        var result = SleepUntilWoken(current, waiter, timer);
        timer?.Cancel();
        return Unqueue(waiter) || FutexFaults.Has(FutexFault.TimeOutSwallowsWakeUp) ? result : Errno.None;
    }

    /// <summary>The timer that ends a wait, started; null: there is no deadline.</summary>
    private static HighResolutionTimer? StartTimer(Task current, long deadline, ClockBase clock)
    {
        if (deadline == long.MaxValue)
            return null;
        current.SleepTimer.Start(deadline, clock);
        return current.SleepTimer;
    }

    /// <summary>EINVAL: misaligned; EFAULT: no user address, or, for a word that may be shared, nothing that anybody could change.</summary>
    private static Errno FindKey(ulong address, bool isPrivate, out FutexKey key)
    {
        key = default;
        if ((address & 3) != 0)
            return Errno.EINVAL;
        return UserAccess.IsUserRange(address, sizeof(uint)) && FutexKey.TryFind(address, isPrivate, out key) ? Errno.None : Errno.EFAULT;
    }

    // Queued and its word still as expected: both seen under one holding of the lock. A page that is not there is brought in without it.
    private static Errno QueueIfEqual(FutexWaiter waiter, ulong address, uint expected)
    {
        var bucket = BucketOf(waiter.Key);
        if (FutexFaults.Has(FutexFault.TestsBeforeQueueing))
            return QueueAfterTest(waiter, address, expected, bucket);
        while (true)
        {
            using (bucket.Lock.Acquire())
            {
                if (UserMemory.TryReadAtomic(address, out var value))
                {
                    if (value != expected)
                        return Errno.EAGAIN;
                    bucket.Add(waiter);
                    return Errno.None;
                }
            }

            if (!UserAccess.TryRead(address, out uint _))
                return Errno.EFAULT;
        }
    }

    private static Errno QueueAfterTest(FutexWaiter waiter, ulong address, uint expected, FutexBucket bucket)
    {
        if (!UserAccess.TryRead(address, out uint value))
            return Errno.EFAULT;
        if (value != expected)
            return Errno.EAGAIN;
        using (bucket.Lock.Acquire())
            bucket.Add(waiter);
        return Errno.None;
    }

    // One that waits to be requeued to a lock that lends priority gets up when it is.
    private static Errno SleepUntilWoken(Task current, FutexWaiter waiter, HighResolutionTimer? timer)
    {
        var result = Errno.None;
        while (true)
        {
            current.SetState(TaskState.Interruptible);
            if (waiter.Bucket is null || waiter.Pi is not null)
                break;
            result = WhyNotSleep(current, timer);
            if (result != Errno.None)
                break;
            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        return result;
    }

    private static Errno WhyNotSleep(Task current, HighResolutionTimer? timer)
    {
        if (timer is { IsQueued: false })
            return Errno.ETIMEDOUT;
        return Scheduler.IsSleepInterrupted(current, TaskState.Interruptible) ? Errno.ERESTARTSYS : Errno.None;
    }

    // True: it was still queued, so nobody woke it. The bucket may change (requeue) until its lock is held.
    private static bool Unqueue(FutexWaiter waiter)
    {
        if (LockBucketOf(waiter) is not { } bucket)
            return false;
        bucket.Remove(waiter);
        bucket.Lock.Release(false);
        return true;
    }

    /// <summary>Locks the bucket where a waiter is queued; null: it is on none.</summary>
    private static FutexBucket? LockBucketOf(FutexWaiter waiter)
    {
        while (waiter.Bucket is { } bucket)
        {
            bucket.Lock.AcquireUnguarded();
            if (waiter.Bucket == bucket)
                return bucket;
            bucket.Lock.Release(false);
        }

        return null;
    }

    /// <summary>Wakes waiters of the word whose bits meet <paramref name="bits"/>: one, and up to <paramref name="most"/>. Returns how many.</summary>
    /// <returns>EFAULT; EINVAL: misaligned, no bits, or one waits for a lock that lends priority.</returns>
    internal static Result<int> Wake(ulong address, bool isPrivate, int most, uint bits)
    {
        if (bits == 0)
            return Errno.EINVAL;
        var error = FindKey(address, isPrivate, out var key);
        if (error != Errno.None)
            return error;
        var bucket = BucketOf(key);
        using (bucket.Lock.Acquire())
            return bucket.Wake(key, most, bits);
    }

    /// <summary>
    /// Changes the second word by <paramref name="operation"/>, wakes waiters of the first, and waiters of the second if its old value compares as
    /// the operation says. As good as one step: a waiter of the second word that came before the change is queued when the waking starts.
    /// </summary>
    internal static Result<int> WakeOperation(ulong first, ulong second, bool isPrivate, int wakeFirst, int wakeSecond, uint operation)
    {
        var error = FindKeys(first, second, isPrivate, out _, out _);
        if (error != Errno.None)
            return error;
        var old = FutexOperation.Apply(second, operation);
        if (!old.IsOk)
            return old.Error;
        var woken = Wake(first, isPrivate, wakeFirst, AllBits);
        if (!woken.IsOk || !FutexOperation.Compares(old.Value, operation))
            return woken;
        var more = Wake(second, isPrivate, wakeSecond, AllBits);
        return more.IsOk ? woken.Value + more.Value : more;
    }

    /// <summary>Goes on with a wait that a signal without a handler interrupted.</summary>
    internal static long ResumeWait(in RestartBlock restart)
    {
        var isPrivate = (restart.Second & 1) != 0;
        var result = Wait(restart.Address, (uint)restart.First, isPrivate, (uint)(restart.Second >> 32), restart.Deadline, restart.Clock);
        if (result != Errno.ERESTARTSYS)
            return -(long)result;
        Task.Current.Restart = restart;
        return -(long)Errno.ERESTART_RESTARTBLOCK;
    }

    private static FutexBucket BucketOf(in FutexKey key) => s_buckets[key.Hash(Buckets)];

    private static void LockBoth(FutexBucket a, FutexBucket b)
    {
        var lower = a.Index <= b.Index ? a : b;
        var higher = lower == a ? b : a;
        lower.Lock.AcquireUnguarded();
        if (higher != lower)
            higher.Lock.AcquireNested();
    }

    private static void UnlockBoth(FutexBucket a, FutexBucket b)
    {
        if (a != b)
            b.Lock.Release(false);
        a.Lock.Release(false);
    }
}
