// How much of something limited each user has. A user has an account while it has any of it, so there are never more than things counted.
// Contexts: any. Lock: the owner's of the table, held by every caller. Linux: struct ucounts.
namespace Jiffy.Kernel.Structures;

public sealed class UserAccount
{
    // In its bucket while in use, in the pool else.
    private Links<UserAccount> _links;

    public uint UserId { get; internal set; }

    /// <summary>What the user has now.</summary>
    public long Count { get; internal set; }

    internal readonly struct Pooled : IPooled<UserAccount>
    {
        public static ref Links<UserAccount> Of(UserAccount item) => ref item._links;
        public static UserAccount Create() => new();
        public static int Bytes => 64;
    }
}

public sealed class UserAccounts
{
    private const int Buckets = 64;

    private readonly Pool<UserAccount, UserAccount.Pooled> _pool;
    private readonly LinkedRing<UserAccount, UserAccount.Pooled>[] _buckets = new LinkedRing<UserAccount, UserAccount.Pooled>[Buckets];

    /// <summary>Accounts for at most <paramref name="limit"/> users at a time.</summary>
    public UserAccounts(string name, int limit) => _pool = new Pool<UserAccount, UserAccount.Pooled>(name, limit);

    /// <summary>What a user has.</summary>
    public long CountOf(uint userId) => Find(userId)?.Count ?? 0;

    /// <summary>Counts <paramref name="amount"/>, which is above zero, in. Null: out of memory.</summary>
    public UserAccount? Charge(uint userId, long amount)
    {
        var account = Find(userId);
        if (account is null)
        {
            if (!_pool.TryTake(out account))
                return null;
            account.UserId = userId;
            account.Count = 0;
            _buckets[userId % Buckets].AddFirst(account);
        }

        account.Count += amount;
        return account;
    }

    /// <summary>Counts what was charged, or a part of it, out.</summary>
    public void Release(UserAccount account, long amount)
    {
        account.Count -= amount;
        if (account.Count != 0)
            return;
        _buckets[account.UserId % Buckets].Remove(account);
        _pool.Give(account);
    }

    private UserAccount? Find(uint userId)
    {
        var account = _buckets[userId % Buckets].First;
        while (account is not null && account.UserId != userId)
            account = LinkedRing<UserAccount, UserAccount.Pooled>.After(account);
        return account;
    }
}
