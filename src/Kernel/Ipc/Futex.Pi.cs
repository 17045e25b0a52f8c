// Locks that lend priority: here the word has a meaning. It holds the owner's thread id, or 0, a bit that says that somebody waits in the kernel,
// and one that says that an owner has died. As long as nobody waits, programs change it themselves; the kernel keeps a FutexPiState from the
// first waiter to the last. Who changes hands is decided by the mutex in there; then the word is made to say so.
// Contexts: process; may sleep. Locks: the bucket's for all changes of the word from here and of the state; the mutex's Inner under it.
// Linux: kernel/futex/pi.c. man 2 futex, "Priority-inheritance futexes".
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public static partial class Futex
{
    private const uint HasWaiters = 0x80000000, OwnerDied = 0x40000000, OwnerMask = 0x3fffffff;

    /// <summary>Takes the lock, or sleeps until it is the caller's, at most until <paramref name="deadline"/>; <paramref name="isTry"/>: does not sleep.</summary>
    /// <returns>
    /// EAGAIN: only tried, and another has it; ETIMEDOUT; ERESTARTNOINTR; EDEADLK: the caller has it, or waits for itself; ESRCH: the owner does not
    /// exist; EPERM: it is a kernel thread; EINVAL: misaligned, or word and waiters do not agree; EFAULT; ENOMEM.
    /// </returns>
    internal static Errno LockPi(ulong address, bool isPrivate, long deadline, ClockBase clock, bool isTry)
    {
        var current = Task.Current;
        var error = ClaimForCurrent(address, isPrivate, isTry, current, out var bucket);
        if (bucket is null)
            return error;
        var waiter = current.FutexWaiter;
        if (!isTry && error == Errno.None)
        {
            var timer = StartTimer(current, deadline, clock);
            error = waiter.Pi!.Mutex.Wait(current, timer);
            timer?.Cancel();
        }

        error = FinishPi(address, bucket, waiter, error);
        return error == Errno.ERESTARTSYS ? Errno.ERESTARTNOINTR : error;
    }

    /// <summary>Takes the lock, or begins to wait for it on <paramref name="queued"/>; that is not the end of it, whatever the result.</summary>
    private static Errno ClaimForCurrent(ulong address, bool isPrivate, bool isTry, Task current, out FutexBucket? queued)
    {
        queued = null;
        while (true)
        {
            var error = FindKey(address, isPrivate, out var key);
            if (error != Errno.None)
                return error;
            var bucket = BucketOf(key);
            bucket.Lock.AcquireUnguarded();
            var claim = new PiClaim(address, key, bucket, current, marksWaiters: false);
            error = claim.Make();
            if (error == Errno.None && !claim.IsTaken)
            {
                queued = bucket;
                return BeginPiWait(bucket, claim.State!, current, isTry);
            }

            bucket.Lock.Release(false);
            if (error == Errno.None || !MayTryAgain(ref error, address, claim.Ending))
                return error;
        }
    }

    /// <summary>Queues the caller on the bucket, which is locked at entry only, and on the mutex. EAGAIN: only tried; EDEADLK.</summary>
    private static Errno BeginPiWait(FutexBucket bucket, FutexPiState state, Task current, bool isTry)
    {
        var waiter = current.FutexWaiter;
        waiter.Begin(current, AllBits);
        waiter.Key = state.Key;
        waiter.Pi = state;
        bucket.Add(waiter);

        // On the futex's queue and the mutex's: whoever sees it on the one and asks for Inner sees it on the other.
        var wereOn = state.Mutex.Inner.AcquireUnguarded();
        bucket.Lock.Release(false);
        var error = isTry ? Errno.None : state.Mutex.BeginWait(current, ref wereOn, out _);
        state.Mutex.Inner.Release(wereOn);
        return isTry && !state.Mutex.TryLock(current) ? Errno.EAGAIN : error;
    }

    /// <summary>Without locks: waits for what stands in the way of a claim. False: nothing that would go away.</summary>
    private static bool MayTryAgain(ref Errno error, ulong address, Task? ending)
    {
        if (error == Errno.EFAULT)
            return FaultIn(address);
        if (error is not (Errno.EAGAIN or Errno.EBUSY))
            return false;
        if (ending is not null)
            AwaitEnd(ending);
        else
            Preemption.Check(Task.Current);
        error = Errno.None;
        return true;
    }

    /// <summary>Brings the page of a word in, writable.</summary>
    private static bool FaultIn(ulong address) =>
        UserAccess.TryRead(address, out uint word) && UserMemory.TryCompareExchange(address, word, word, out _);

    /// <summary>Ends a wait for the mutex, in whatever way: the word is set right, waiter and state go. EFAULT, or <paramref name="error"/>.</summary>
    private static Errno FinishPi(ulong address, FutexBucket bucket, FutexWaiter waiter, Errno error)
    {
        var isWordLost = false;
        while (true)
        {
            Errno failure;
            using (bucket.Lock.Acquire())
            {
                failure = SetWordRight(address, waiter, ref error);
                if (failure == Errno.EFAULT && isWordLost)
                {
                    // The kernel's own side stays right.
                    waiter.Pi!.SetOwner(waiter.Pi.Mutex.Owner);
                    error = Errno.EFAULT;
                    failure = Errno.None;
                }

                if (failure == Errno.None)
                {
                    bucket.Remove(waiter);
                    waiter.Pi!.Drop();
                    waiter.Pi = null;
                    return error;
                }
            }

            if (failure == Errno.EFAULT)
                isWordLost = !FaultIn(address);
            else
                Scheduler.Yield(); // a better waiter was woken and is about to take the mutex
        }
    }

    /// <summary>
    /// Who has the mutex stands in the word. It does not when a better task took it before the one it was meant for, when that one gave up, or when
    /// the last owner died. The bucket is locked.
    /// </summary>
    /// <param name="error">None: the waiter has the mutex. It may get it here, after all.</param>
    /// <returns>EFAULT: the page is not there now; EAGAIN: the mutex changes hands.</returns>
    private static Errno SetWordRight(ulong address, FutexWaiter waiter, ref Errno error)
    {
        var state = waiter.Pi!;
        var current = waiter.Task;
        if (error != Errno.None && state.Mutex.EndWait(current))
            error = Errno.None;
        if (error == Errno.None ? state.Owner == current : state.Owner != current)
            return Errno.None;
        if (error != Errno.None && state.Mutex.TryLock(current))
        {
            error = Errno.None;
            return Errno.None;
        }

        if ((error == Errno.None ? current : state.Mutex.Owner) is not { } owner)
            return Errno.EAGAIN;
        var failure = WriteOwner(address, state, owner);
        if (failure == Errno.None)
            state.SetOwner(owner);
        return failure;
    }

    /// <summary>EFAULT: the page is not there now.</summary>
    private static Errno WriteOwner(ulong address, FutexPiState state, Task owner)
    {
        if (FutexFaults.Has(FutexFault.WordKeepsOldOwner))
            return Errno.None;
        var value = (uint)owner.Id | HasWaiters | (state.Owner is null ? OwnerDied : 0);
        if (!UserMemory.TryReadAtomic(address, out var word))
            return Errno.EFAULT;
        while (true)
        {
            if (!UserMemory.TryCompareExchangeAtomic(address, value | (word & OwnerDied), word, out var previous))
                return Errno.EFAULT;
            if (previous == word)
                return Errno.None;
            word = previous;
        }
    }

    /// <summary>Gives the lock back: the best waiter is made its owner, or the word 0.</summary>
    /// <returns>EPERM: the word does not name the caller; EAGAIN: it changes; EINVAL: misaligned, or word and waiters do not agree; EFAULT.</returns>
    internal static Errno UnlockPi(ulong address, bool isPrivate)
    {
        var current = Task.Current;
        while (true)
        {
            if (!UserAccess.TryRead(address, out uint word))
                return Errno.EFAULT;
            if ((word & OwnerMask) != (uint)current.Id)
                return Errno.EPERM;
            var error = FindKey(address, isPrivate, out var key);
            if (error != Errno.None)
                return error;
            var bucket = BucketOf(key);
            bool hasWaiters;
            using (bucket.Lock.Acquire())
            {
                var first = bucket.First(key);
                hasWaiters = first is not null;
                error = first is null ? WriteFree(address, word)
                    : first.Pi is not { } state || state.Owner != current ? Errno.EINVAL
                    : MakeFirstOwner(address, word, state, current);
            }

            if (error == Errno.EFAULT ? !FaultIn(address) : error != Errno.EAGAIN || !hasWaiters)
                return error;
        }
    }

    // Nobody waits in the kernel: neither bit has a meaning any more.
    private static Errno WriteFree(ulong address, uint word)
    {
        if (!UserMemory.TryCompareExchangeAtomic(address, 0, word, out var previous))
            return Errno.EFAULT;
        return previous == word ? Errno.None : Errno.EAGAIN;
    }

    /// <summary>The word names the first waiter before that one can run; it takes the mutex itself, if no better task does. The bucket is locked.</summary>
    private static Errno MakeFirstOwner(ulong address, uint word, FutexPiState state, Task current)
    {
        using (state.Mutex.Inner.Acquire())
        {
            if (state.Mutex.First is not { } first)
                return Errno.EAGAIN;
            if (!UserMemory.TryCompareExchangeAtomic(address, (uint)first.Task.Id | HasWaiters, word, out var previous))
                return Errno.EFAULT;
            if (previous != word)
                return ((previous ^ word) & OwnerMask) == 0 ? Errno.EAGAIN : Errno.EINVAL;
            state.SetOwner(first.Task);
            state.Mutex.LetGo(current);
            return Errno.None;
        }
    }
}
