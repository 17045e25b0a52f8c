// How many signals are queued for the processes of each user, for RLIMIT_SIGPENDING. A user has an account while it has queued signals.
// Lock: TaskTree.Lock. Linux: UCOUNT_RLIMIT_SIGPENDING, __sigqueue_alloc(). man 2 getrlimit.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Signals;

internal sealed class SignalAccount
{
    private const int Buckets = 64;

    private static Pool<SignalAccount, Pooled> s_pool = null!;
    private static LinkedRing<SignalAccount, Pooled>[] s_buckets = null!;

    // In its bucket while in use, in the pool else.
    private Links<SignalAccount> _links;
    private uint _userId;
    private int _count;

    public static void Init(int limit)
    {
        s_pool = new Pool<SignalAccount, Pooled>("signal_account", limit);
        s_buckets = new LinkedRing<SignalAccount, Pooled>[Buckets];
    }

    /// <summary>Signals queued for a user.</summary>
    public static int CountOf(uint userId) => Find(userId)?._count ?? 0;

    /// <summary>Counts one in. Null: the user has <paramref name="limit"/> already, or out of memory.</summary>
    public static SignalAccount? Charge(uint userId, ulong limit)
    {
        var account = Find(userId);
        if ((ulong)(account?._count ?? 0) >= limit)
            return null;
        if (account is null)
        {
            if (!s_pool.TryTake(out account))
                return null;
            account._userId = userId;
            account._count = 0;
            s_buckets[userId % Buckets].AddFirst(account);
        }

        account._count++;
        return account;
    }

    /// <summary>Counts one out.</summary>
    public void Release()
    {
        if (--_count != 0)
            return;
        s_buckets[_userId % Buckets].Remove(this);
        s_pool.Give(this);
    }

    private static SignalAccount? Find(uint userId)
    {
        var account = s_buckets[userId % Buckets].First;
        while (account is not null && account._userId != userId)
            account = LinkedRing<SignalAccount, Pooled>.After(account);
        return account;
    }

    internal readonly struct Pooled : IPooled<SignalAccount>
    {
        public static ref Links<SignalAccount> Of(SignalAccount item) => ref item._links;
        public static SignalAccount Create() => new();
        public static int Bytes => 64;
    }
}
