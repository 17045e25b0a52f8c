// The kernel's side of a lock in user memory that lends priority, while anybody waits for it: the mutex that does the lending, and whom the
// word names as owner. The two differ for a moment when the lock changes hands; then whoever has the mutex sets the word right.
// Guards: the lock of the key's bucket for Users and Owner; Owner's WakeLock for its list. Linux: struct futex_pi_state.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal sealed class FutexPiState
{
    private Links<FutexPiState> _links;

    internal static Pool<FutexPiState, Pooled> Pool { get; private set; } = null!;

    public RtMutex Mutex { get; } = new();

    public FutexKey Key { get; private set; }

    /// <summary>Whose id the word should hold; null: it has died.</summary>
    public Task? Owner { get; private set; }

    /// <summary>Waiters, and a requeue under way.</summary>
    private int _users;

    public static void Init(int limit) => Pool = new Pool<FutexPiState, Pooled>("futex_pi_state", limit);

    /// <summary>Sets an object from the pool up for a lock that a task has, its WakeLock held. It has one user, the caller.</summary>
    public void Begin(in FutexKey key, Task owner)
    {
        Key = key;
        Owner = owner;
        _users = 1;
        Mutex.BeginOwned(owner);
        owner.PiStates.AddLast(this);
    }

    public void AddUser() => _users++;

    /// <summary>The last user gives it back.</summary>
    public void Drop()
    {
        if (--_users != 0)
            return;
        SetOwner(null);
        Pool.Give(this);
    }

    public void SetOwner(Task? owner)
    {
        if (Owner is { } old)
        {
            using (old.WakeLock.Acquire())
                old.PiStates.Remove(this);
        }

        Owner = owner;
        if (owner is null)
            return;
        using (owner.WakeLock.Acquire())
            owner.PiStates.AddLast(this);
    }

    /// <summary>Its owner ends, WakeLock held.</summary>
    public void LoseOwner()
    {
        Owner!.PiStates.Remove(this);
        Owner = null;
    }

    internal readonly struct Pooled : IPooled<FutexPiState>
    {
        public static ref Links<FutexPiState> Of(FutexPiState item) => ref item._links;
        public static FutexPiState Create() => new();
        public static int Bytes => 256;
    }
}
