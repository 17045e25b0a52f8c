// Fast user-space locks: tasks that sleep on a word of user memory. The word is only looked at here; what it means is the program's business.
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

    public static void Init()
    {
        s_buckets = new FutexBucket[Buckets];
        for (var i = 0; i < Buckets; i++)
            s_buckets[i] = new FutexBucket(i);
    }

    /// <summary>Sleeps while the word is <paramref name="expected"/>, until woken or until <paramref name="deadline"/> on <paramref name="clock"/>.</summary>
    /// <returns>None: woken; EAGAIN: the word differs; ETIMEDOUT; ERESTARTSYS: a signal; EFAULT; EINVAL: misaligned, or no bits.</returns>
    internal static Errno Wait(ulong address, uint expected, bool isPrivate, uint bits, long deadline, ClockBase clock)
    {
        if ((address & 3) != 0 || bits == 0)
            return Errno.EINVAL;
        var current = Task.Current;
        var waiter = current.FutexWaiter;
        if (!FutexKey.TryFind(address, isPrivate, out waiter.Key))
            return Errno.EFAULT;
        waiter.Bits = bits;
        var error = QueueIfEqual(waiter, address, expected);
        if (error != Errno.None)
            return error;
        var timer = current.SleepTimer;
        if (deadline != long.MaxValue)
            timer.Start(deadline, clock);
        var result = SleepUntilWoken(current, waiter, timer, hasDeadline: deadline != long.MaxValue);
        if (deadline != long.MaxValue)
            timer.Cancel();
        return Unqueue(waiter) ? result : Errno.None;
    }

    // Queued and its word still as expected: both seen under one holding of the lock. A page that is not there is brought in without it.
    private static Errno QueueIfEqual(FutexWaiter waiter, ulong address, uint expected)
    {
        var bucket = BucketOf(waiter.Key);
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

    private static Errno SleepUntilWoken(Task current, FutexWaiter waiter, HighResolutionTimer timer, bool hasDeadline)
    {
        var result = Errno.None;
        while (true)
        {
            current.SetState(TaskState.Interruptible);
            if (waiter.Bucket is null)
                break;
            result = hasDeadline && !timer.IsQueued ? Errno.ETIMEDOUT
                : Scheduler.IsSleepInterrupted(current, TaskState.Interruptible) ? Errno.ERESTARTSYS
                : Errno.None;
            if (result != Errno.None)
                break;
            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        return result;
    }

    // True: it was still queued, so nobody woke it. The bucket may change (requeue) until its lock is held.
    private static bool Unqueue(FutexWaiter waiter)
    {
        while (waiter.Bucket is { } bucket)
        {
            using (bucket.Lock.Acquire())
            {
                if (waiter.Bucket != bucket)
                    continue;
                bucket.Remove(waiter);
                return true;
            }
        }

        return false;
    }

    /// <summary>Wakes at most <paramref name="most"/> waiters of the word whose bits meet <paramref name="bits"/>; returns how many.</summary>
    /// <returns>EINVAL: misaligned, or no bits.</returns>
    internal static Result<int> Wake(ulong address, bool isPrivate, int most, uint bits)
    {
        if ((address & 3) != 0 || bits == 0)
            return Errno.EINVAL;
        if (!UserAccess.IsUserRange(address, sizeof(uint)))
            return Errno.EFAULT;
        if (!FutexKey.TryFind(address, isPrivate, out var key))
            return Errno.EFAULT;
        var bucket = BucketOf(key);
        using (bucket.Lock.Acquire())
            return bucket.Wake(key, most, bits);
    }

    /// <summary>
    /// Wakes <paramref name="toWake"/> waiters of one word and makes up to <paramref name="toMove"/> more wait for another; with
    /// <paramref name="checks"/> only while the first word is <paramref name="expected"/>.
    /// </summary>
    /// <returns>Woken and moved together; EAGAIN: the word differs; EFAULT; EINVAL.</returns>
    internal static Result<int> Requeue(ulong from, ulong to, bool isPrivate, int toWake, int toMove, bool checks, uint expected)
    {
        if (((from | to) & 3) != 0 || toWake < 0 || toMove < 0)
            return Errno.EINVAL;
        if (!UserAccess.IsUserRange(from, sizeof(uint)) || !UserAccess.IsUserRange(to, sizeof(uint)))
            return Errno.EFAULT;
        if (!FutexKey.TryFind(from, isPrivate, out var keyFrom) || !FutexKey.TryFind(to, isPrivate, out var keyTo))
            return Errno.EFAULT;
        var first = BucketOf(keyFrom);
        var second = BucketOf(keyTo);
        while (true)
        {
            LockBoth(first, second);
            var isThere = true;
            var value = expected;
            if (checks)
                isThere = UserMemory.TryReadAtomic(from, out value);
            Result<int> result = Errno.EAGAIN;
            if (isThere && value == expected)
            {
                var woken = first.Wake(keyFrom, toWake, AllBits);
                result = woken + first.Move(keyFrom, second, keyTo, toMove);
            }

            UnlockBoth(first, second);
            if (isThere)
                return result;
            if (!UserAccess.TryRead(from, out uint _))
                return Errno.EFAULT;
        }
    }

    /// <summary>
    /// Changes the second word by <paramref name="operation"/>, wakes waiters of the first, and waiters of the second if its old value compares as
    /// the operation says. As good as one step: a waiter of the second word that came before the change is queued when the waking starts.
    /// </summary>
    internal static Result<int> WakeOperation(ulong first, ulong second, bool isPrivate, int wakeFirst, int wakeSecond, uint operation)
    {
        if (((first | second) & 3) != 0)
            return Errno.EINVAL;
        if (!isPrivate && !FutexKey.TryFind(first, isPrivate, out _))
            return Errno.EFAULT;
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
