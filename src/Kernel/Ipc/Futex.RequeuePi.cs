// Waiting for a condition whose lock lends priority: who signals it makes the waiters wait for the lock, or gives it to the first at once, so that
// a waiter returns only when the lock is its. Both buckets are held while that is done: a waiter that gives up finds itself either untouched
// or wholly moved.
// Contexts: process; may sleep. Locks: both buckets', the mutex's Inner under them. Linux: kernel/futex/requeue.c. man 2 futex.
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
    /// <summary>Sleeps on one word while it is <paramref name="expected"/>, until the lock <paramref name="target"/> is the caller's.</summary>
    /// <returns>
    /// EAGAIN: the word differs, or a signal came when the waiter was already moved; ETIMEDOUT; ERESTARTNOINTR; EINVAL: misaligned, no bits, or both
    /// words are one; EFAULT; EDEADLK.
    /// </returns>
    internal static Errno WaitRequeuePi(ulong address, uint expected, bool isPrivate, uint bits, long deadline, ClockBase clock, ulong target)
    {
        if (address == target || bits == 0)
            return Errno.EINVAL;
        var current = Task.Current;
        var waiter = current.FutexWaiter;
        waiter.Begin(current, bits);
        var error = FindKeys(target, address, isPrivate, out waiter.Target, out waiter.Key);
        if (error == Errno.None && waiter.Target.Equals(waiter.Key))
            error = UserAccess.TryRead(address, out uint word) ? word == expected ? Errno.EINVAL : Errno.EAGAIN : Errno.EFAULT;
        waiter.IsForPi = true;
        if (error == Errno.None)
            error = QueueIfEqual(waiter, address, expected);
        if (error != Errno.None)
            return error;
        var timer = StartTimer(current, deadline, clock);
        error = SleepUntilWoken(current, waiter, timer);
        if (LockBucketOf(waiter) is { } bucket)
            error = EndRequeueWait(target, bucket, waiter, timer, error);
        else
            error = Errno.None; // given the lock
        timer?.Cancel();
        return error;
    }

    /// <summary>The waiter is still queued on the locked bucket, which is let go: moved or not.</summary>
    private static Errno EndRequeueWait(ulong target, FutexBucket bucket, FutexWaiter waiter, HighResolutionTimer? timer, Errno error)
    {
        if (waiter.Pi is not { } state)
        {
            bucket.Remove(waiter);
            bucket.Lock.Release(false);
            return error == Errno.ERESTARTSYS ? Errno.ERESTARTNOINTR : error;
        }

        bucket.Lock.Release(false);
        error = FinishPi(target, bucket, waiter, state.Mutex.Wait(waiter.Task, timer));

        // To start the call again would find another value in the first word.
        return error == Errno.ERESTARTSYS ? Errno.EAGAIN : error;
    }

    /// <summary>
    /// While the first word is <paramref name="expected"/>, takes the lock <paramref name="to"/> for its first waiter, or makes that one wait for it,
    /// and up to <paramref name="toMove"/> more.
    /// </summary>
    /// <returns>
    /// How many were given the lock or moved; EAGAIN: the word differs; EINVAL: one word, not exactly one to wake, or waiters that do not wait for this;
    /// EFAULT; what <see cref="LockPi"/> returns for the first waiter.
    /// </returns>
    internal static Result<int> RequeuePi(ulong from, ulong to, bool isPrivate, int toWake, int toMove, uint expected)
    {
        if (toMove < 0 || from == to || toWake != 1)
            return Errno.EINVAL;
        while (true)
        {
            var error = FindKeys(from, to, isPrivate, out var keyFrom, out var keyTo);
            if (error != Errno.None)
                return error;
            if (keyFrom.Equals(keyTo))
                return Errno.EINVAL;
            var first = BucketOf(keyFrom);
            var second = BucketOf(keyTo);
            LockBoth(first, second);
            var hasWord = UserMemory.TryReadAtomic(from, out var word);
            var claim = new PiClaim(to, keyTo, second, Task.Current, marksWaiters: toMove > 0);
            Result<int> result = hasWord && word == expected ? ClaimAndMove(ref claim, to, first, keyFrom, second, keyTo, toMove) : Errno.EAGAIN;
            UnlockBoth(first, second);
            if (!hasWord)
            {
                if (!UserAccess.TryRead(from, out uint _))
                    return Errno.EFAULT;
                continue;
            }

            error = result.Error;
            if (word != expected || result.IsOk || !MayTryAgain(ref error, to, claim.Ending))
                return result;
        }
    }

    private static Result<int> ClaimAndMove(
        ref PiClaim claim, ulong to, FutexBucket first, in FutexKey from, FutexBucket second, in FutexKey target, int toMove)
    {
        if (first.First(from) is not { } best)
            return 0;
        if (!Fits(best, target))
            return Errno.EINVAL;
        claim = new PiClaim(to, target, second, best.Task, marksWaiters: toMove > 0);
        var error = claim.Make();
        if (error != Errno.None)
            return error;
        var done = 0;
        if (claim.IsTaken)
        {
            first.WakeOne(best);
            done++;
        }

        if (claim.State is not { } state)
            return done;
        var result = MoveToPi(state, first, from, second, target, done, toMove);
        state.Drop();
        return result;
    }

    private static bool Fits(FutexWaiter waiter, in FutexKey target) => waiter.IsForPi && waiter.Pi is null && waiter.Target.Equals(target);

    private static Result<int> MoveToPi(
        FutexPiState state, FutexBucket first, in FutexKey from, FutexBucket second, in FutexKey target, int done, int toMove)
    {
        for (var waiter = first.First(from); waiter is not null && done - 1 < toMove;)
        {
            var next = FutexBucket.Next(waiter, from);
            if (!Fits(waiter, target))
                return Errno.EINVAL;
            var error = BeginWaitFor(waiter, state, out var taken);
            if (error != Errno.None)
                return error;
            state.AddUser();
            first.Move(waiter, second, target);
            waiter.Pi = state;
            if (taken)
                Scheduler.TryToWakeUp(waiter.Task, TaskState.Normal);
            done++;
            waiter = next;
        }

        return done;
    }

    private static Errno BeginWaitFor(FutexWaiter waiter, FutexPiState state, out bool taken)
    {
        var wereOn = state.Mutex.Inner.AcquireUnguarded();
        var error = state.Mutex.BeginWait(waiter.Task, ref wereOn, out taken);
        if (error != Errno.None)
            state.Mutex.Refuse(waiter.Task, ref wereOn);
        state.Mutex.Inner.Release(wereOn);
        return error;
    }
}
