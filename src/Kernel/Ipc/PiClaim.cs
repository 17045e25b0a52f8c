// A task's claim to a lock that lends priority: it takes a free one, or finds the state through which to wait for it. The word is user memory
// and may say anything; only what fits the kernel's own knowledge is believed.
// Context: process. Lock: the bucket's, held throughout. Linux: futex_lock_pi_atomic(), attach_to_pi_state(), attach_to_pi_owner().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal struct PiClaim
{
    private const uint HasWaiters = 0x80000000, OwnerDied = 0x40000000, OwnerMask = 0x3fffffff;

    private readonly ulong _address;
    private readonly FutexKey _key;
    private readonly FutexBucket _bucket;
    private readonly Task _task;
    private readonly bool _marksWaiters;

    /// <param name="marksWaiters">More tasks will wait for the lock at once: when it is taken there is to be a state, too.</param>
    public PiClaim(ulong address, in FutexKey key, FutexBucket bucket, Task task, bool marksWaiters)
    {
        _address = address;
        _key = key;
        _bucket = bucket;
        _task = task;
        _marksWaiters = marksWaiters;
        State = null;
        Ending = null;
        IsTaken = false;
    }

    /// <summary>Through which to wait, counted for the caller.</summary>
    public FutexPiState? State { get; private set; }

    /// <summary>The word names the task as owner.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>On EBUSY: the owner, which is about to give back what it has; counted for the caller.</summary>
    public Task? Ending { get; private set; }

    /// <returns>
    /// None: taken, or State is set. EFAULT: the page is not there now; EAGAIN: the word has changed; EBUSY: see Ending; EDEADLK, EINVAL, EPERM, ESRCH,
    /// ENOMEM.
    /// </returns>
    public Errno Make()
    {
        if (!UserMemory.TryReadAtomic(_address, out var word))
            return Errno.EFAULT;
        if ((word & OwnerMask) == (uint)_task.Id)
            return Errno.EDEADLK;
        if (_bucket.First(_key) is { } first)
            return JoinWaiters(first, word);
        return (word & OwnerMask) == 0 ? Take(word) : WaitFirst(word);
    }

    private Errno JoinWaiters(FutexWaiter first, uint word)
    {
        // Without a state the waiters are of the plain kind.
        if (first.Pi is not { } state)
            return Errno.EINVAL;
        if (!Agree(state, word))
            return Errno.EINVAL;
        state.AddUser();
        State = state;
        return Errno.None;
    }

    /// <summary>
    /// Whether the word can be what kernel and programs made of it. While a dead owner's lock finds its next one, the word names nobody.
    /// </summary>
    private static bool Agree(FutexPiState state, uint word)
    {
        var id = word & OwnerMask;
        if (state.Owner is not { } owner)
            return (word & OwnerDied) != 0 && id == 0;
        return id == (uint)owner.Id || ((word & OwnerDied) != 0 && id == 0);
    }

    private Errno Take(uint word)
    {
        FutexPiState? state = null;
        if (_marksWaiters && !FutexPiState.Pool.TryTake(out state))
            return Errno.ENOMEM;
        var error = Replace(word, (word & OwnerDied) | (uint)_task.Id | (_marksWaiters ? HasWaiters : 0));
        if (error != Errno.None)
        {
            GiveBack(state);
            return error;
        }

        IsTaken = true;
        State = state;
        if (state is null)
            return Errno.None;
        using (_task.WakeLock.Acquire())
            state.Begin(_key, _task);
        return Errno.None;
    }

    // The bit in the word comes first: then the owner cannot let go without the kernel.
    private Errno WaitFirst(uint word)
    {
        if (!FutexPiState.Pool.TryTake(out var state))
            return Errno.ENOMEM;
        var error = Replace(word, word | HasWaiters);
        if (error == Errno.None)
            error = BeginFor(state, word | HasWaiters);
        if (error == Errno.None)
            State = state;
        else
            GiveBack(state);
        return error;
    }

    private static void GiveBack(FutexPiState? state)
    {
        if (state is not null)
            FutexPiState.Pool.Give(state);
    }

    private readonly Errno Replace(uint word, uint value)
    {
        if (!UserMemory.TryCompareExchangeAtomic(_address, value, word, out var previous))
            return Errno.EFAULT;
        return previous == word ? Errno.None : Errno.EAGAIN;
    }

    private Errno BeginFor(FutexPiState state, uint word)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (TaskTree.Find((int)(word & OwnerMask)) is { } owner)
            {
                if (owner.IsKernelThread)
                    return Errno.EPERM;
                using (owner.WakeLock.Acquire())
                {
                    if (owner.FutexLife == FutexLife.Alive)
                    {
                        state.Begin(_key, owner);
                        return Errno.None;
                    }
                }

                if (owner.FutexLife == FutexLife.Ending)
                {
                    owner.AddUser();
                    Ending = owner;
                    return Errno.EBUSY;
                }
            }
        }

        // An owner that has ended has told so in the word, if it knew of the lock.
        if (!UserMemory.TryReadAtomic(_address, out var now))
            return Errno.EFAULT;
        return now == word ? Errno.ESRCH : Errno.EAGAIN;
    }
}
