// Waiters of one word are made waiters of another, without being woken: so that those who wait for a condition do not all run for its lock.
// Contexts: process; may sleep. Locks: both buckets at once. Linux: futex_requeue(). man 2 futex.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public static partial class Futex
{
    /// <summary>
    /// Wakes <paramref name="toWake"/> waiters of one word and makes up to <paramref name="toMove"/> more wait for another; with
    /// <paramref name="checks"/> only while the first word is <paramref name="expected"/>.
    /// </summary>
    /// <returns>Woken and moved together; EAGAIN: the word differs; EFAULT; EINVAL: also, one of them waits for a lock that lends priority.</returns>
    internal static Result<int> Requeue(ulong from, ulong to, bool isPrivate, int toWake, int toMove, bool checks, uint expected)
    {
        if (toWake < 0 || toMove < 0)
            return Errno.EINVAL;
        var error = FindKeys(from, to, isPrivate, out var keyFrom, out var keyTo);
        if (error != Errno.None)
            return error;
        var first = BucketOf(keyFrom);
        var second = BucketOf(keyTo);
        while (true)
        {
            LockBoth(first, second);
            var value = expected;
            var isThere = !checks || UserMemory.TryReadAtomic(from, out value);
            Result<int> result = Errno.EAGAIN;
            if (isThere && value == expected)
                result = WakeAndMove(first, keyFrom, second, keyTo, toWake, toMove);
            UnlockBoth(first, second);
            if (isThere)
                return result;
            if (!UserAccess.TryRead(from, out uint _))
                return Errno.EFAULT;
        }
    }

    private static Errno FindKeys(ulong first, ulong second, bool isPrivate, out FutexKey keyFirst, out FutexKey keySecond)
    {
        keySecond = default;
        var error = FindKey(first, isPrivate, out keyFirst);
        return error != Errno.None ? error : FindKey(second, isPrivate, out keySecond);
    }

    private static Result<int> WakeAndMove(
        FutexBucket first, in FutexKey from, FutexBucket second, in FutexKey to, int toWake, int toMove)
    {
        var done = 0;
        for (var waiter = first.First(from); waiter is not null && done - toWake < toMove;)
        {
            var next = FutexBucket.Next(waiter, from);
            if (waiter.IsPi)
                return Errno.EINVAL;
            if (++done <= toWake)
                first.WakeOne(waiter);
            else if (FutexFaults.Has(FutexFault.RequeueDropsWaiter) && next is not null)
                first.Remove(waiter);
            else
                first.Move(waiter, second, to);
            waiter = next;
        }

        return done;
    }
}
