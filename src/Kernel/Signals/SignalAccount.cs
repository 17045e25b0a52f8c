// How many signals are queued for the processes of each user, for RLIMIT_SIGPENDING.
// Lock: TaskTree.Lock. Linux: UCOUNT_RLIMIT_SIGPENDING, __sigqueue_alloc(). man 2 getrlimit.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Signals;

internal static class SignalAccount
{
    private static UserAccounts s_accounts = null!;

    public static void Init(int limit) => s_accounts = new UserAccounts("signal_account", limit);

    /// <summary>Signals queued for a user.</summary>
    public static long CountOf(uint userId) => s_accounts.CountOf(userId);

    /// <summary>Counts one in. Null: the user has <paramref name="limit"/> already, or out of memory.</summary>
    public static UserAccount? Charge(uint userId, ulong limit) =>
        (ulong)s_accounts.CountOf(userId) >= limit ? null : s_accounts.Charge(userId, 1);

    /// <summary>Counts one out.</summary>
    public static void Release(UserAccount account) => s_accounts.Release(account, 1);
}
