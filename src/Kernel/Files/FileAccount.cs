// How much each user has of what is limited per user: epoll items, inotify queues and watches. A user has an account while something
// is charged to it that keeps it. Contexts: process. Lock: s_lock guards the accounts; the counts are atomic. Linux: struct user_struct, ucounts.
using System.Threading;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

/// <summary>A count with a limit that the one who charges brings along.</summary>
internal struct LimitedCount
{
    private int _count;

    public readonly int Value => _count;

    public bool TryCharge(long limit)
    {
        if (Interlocked.Increment(ref _count) <= limit)
            return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Release() => Interlocked.Decrement(ref _count);
}

internal sealed class FileAccount
{
    private const int Buckets = 64;

    private static Pool<FileAccount, Pooled> s_pool = null!;
    private static LinkedRing<FileAccount, Pooled>[] s_buckets = null!;
    private static SpinLock<FileAccountRank, PreemptionOff> s_lock;

    // In its bucket while in use, in the pool else.
    private Links<FileAccount> _links;
    private uint _userId;
    private int _users;

    public LimitedCount Watches, NotifyQueues, NotifyWatches;

    public static void Init(int limit)
    {
        s_pool = new Pool<FileAccount, Pooled>("file_account", limit);
        s_buckets = new LinkedRing<FileAccount, Pooled>[Buckets];
    }

    /// <summary>The account of a user, counted. Null: out of memory.</summary>
    public static FileAccount? Get(uint userId)
    {
        using (s_lock.Acquire())
        {
            ref var bucket = ref s_buckets[userId % Buckets];
            var account = bucket.First;
            while (account is not null && account._userId != userId)
                account = LinkedRing<FileAccount, Pooled>.After(account);
            if (account is null)
            {
                if (!s_pool.TryTake(out account))
                    return null;
                account._userId = userId;
                account.Watches = account.NotifyQueues = account.NotifyWatches = default;
                bucket.AddFirst(account);
            }

            account._users++;
            return account;
        }
    }

    public void Drop()
    {
        using (s_lock.Acquire())
        {
            if (--_users != 0)
                return;
            s_buckets[_userId % Buckets].Remove(this);
            s_pool.Give(this);
        }
    }

    internal readonly struct Pooled : IPooled<FileAccount>
    {
        public static ref Links<FileAccount> Of(FileAccount item) => ref item._links;
        public static FileAccount Create() => new();
        public static int Bytes => 64;
    }
}
