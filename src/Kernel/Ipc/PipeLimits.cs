// How much memory pipes may hold: the size a program may ask for, and the frames all pipes of one user may hold together.
// Contexts: process. Lock: s_lock guards the users' counts; the limits are single words. Linux: fs/pipe.c's sysctls, account_pipe_buffers().
// man 7 pipe.
using System.Diagnostics.CodeAnalysis;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal static class PipeLimits
{
    private readonly struct PipeLimitsRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.PipeLimits;
    }

    /// <summary>What a user over the soft limit gets for a new pipe.</summary>
    private const int FewSlots = 2;

    private const int DefaultMaxBytes = 1 << 20;
    private const int DefaultSoftPages = 16384;

    private static SpinLock<PipeLimitsRank, PreemptionOff> s_lock;
    private static UserAccounts s_users = null!;

    /// <summary>/proc/sys/fs/pipe-max-size: what F_SETPIPE_SZ allows.</summary>
    public static int MaxBytes { get; private set; }

    /// <summary>/proc/sys/fs/pipe-user-pages-soft and -hard; zero: no limit.</summary>
    public static int SoftPages { get; set; }

    public static int HardPages { get; set; }

    public static void Init(int limit)
    {
        s_lock = default;
        s_users = new UserAccounts("pipe_account", limit);
        MaxBytes = DefaultMaxBytes;
        SoftPages = DefaultSoftPages;
        HardPages = 0;
    }

    /// <summary>Sets the largest size, rounded up as sizes are. False: below a page, or beyond what rounds up.</summary>
    public static bool TrySetMaxBytes(int bytes)
    {
        if (bytes < Frames.Size || bytes > 1 << 30)
            return false;
        MaxBytes = SlotsFor((ulong)bytes) << Frames.Shift;
        return true;
    }

    /// <summary>The slots for a size: a power of two of pages. The size is at most 2 GiB.</summary>
    public static int SlotsFor(ulong bytes)
    {
        var slots = 1;
        while ((ulong)slots << Frames.Shift < bytes)
            slots <<= 1;
        return slots;
    }

    /// <summary>Accounts a new pipe to the running task's user. False: the user may have no more, or out of memory (ENFILE).</summary>
    public static bool TryOpen([NotNullWhen(true)] out UserAccount? account, out int slots)
    {
        slots = PipeRing.DefaultSlots;
        ref var who = ref Task.Current.Credentials;
        var isLimited = !who.Has(Capability.CAP_SYS_RESOURCE);
        if (isLimited && slots << Frames.Shift > MaxBytes)
            slots = MaxBytes >> Frames.Shift;
        using (s_lock.Acquire())
        {
            var held = s_users.CountOf(who.UserId);
            if (isLimited && IsOver(held + slots, SoftPages) && slots > FewSlots)
                slots = FewSlots;
            account = isLimited && IsOver(held + slots, HardPages) ? null : s_users.Charge(who.UserId, slots);
            return account is not null;
        }
    }

    /// <summary>Accounts a change of size. False: beyond what the user may have (EPERM).</summary>
    public static bool TryChange(UserAccount account, int from, int to)
    {
        var isLimited = to > from && !Task.Current.Credentials.Has(Capability.CAP_SYS_RESOURCE);
        using (s_lock.Acquire())
        {
            var held = account.Count - from + to;
            if (isLimited && (IsOver(held, SoftPages) || IsOver(held, HardPages)))
                return false;
            s_users.Charge(account.UserId, to);
            s_users.Release(account, from);
            return true;
        }
    }

    public static void Close(UserAccount account, int slots)
    {
        using (s_lock.Acquire())
            s_users.Release(account, slots);
    }

    private static bool IsOver(long pages, int limit) => limit != 0 && pages > limit;
}
