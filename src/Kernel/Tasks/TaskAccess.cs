// Who may change or look into another task. Guard: TaskTree.Lock, or the task is the current one.
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Tasks;

internal static class TaskAccess
{
    /// <summary>The caller's effective user is the superuser, or the target's real or effective user: scheduling calls, man 2 setpriority.</summary>
    public static bool MayControl(Task target)
    {
        ref var mine = ref Task.Current.Credentials;
        ref var theirs = ref target.Credentials;
        return mine.Has(Capability.CAP_SYS_NICE) || mine.EffectiveUserId == theirs.UserId || mine.EffectiveUserId == theirs.EffectiveUserId;
    }

    /// <summary>
    /// May the caller use what the target has as if it traced it: the superuser, a thread of the same process, or whose real ids are all the target's,
    /// if that one may be dumped. Linux: ptrace_may_access() with PTRACE_MODE_ATTACH_REALCREDS.
    /// </summary>
    public static bool MayAttach(Task target)
    {
        ref var mine = ref Task.Current.Credentials;
        if (mine.Has(Capability.CAP_SYS_PTRACE) || target.Group == Task.Current.Group)
            return true;
        return !target.Group.IsUndumpable && HasOnlyIds(ref target.Credentials, mine.UserId, mine.GroupId) && HasNoMore(target.Credentials, mine.Capabilities.Permitted);
    }

    /// <summary>It is permitted nothing beyond this.</summary>
    public static bool HasNoMore(in Credentials whose, ulong than) => (whose.Capabilities.Permitted & ~than) == 0;

    /// <summary>All its ids are these.</summary>
    public static bool HasOnlyIds(ref Credentials whose, uint user, uint group) =>
        whose.UserId == user && whose.EffectiveUserId == user && whose.SavedUserId == user
        && whose.GroupId == group && whose.EffectiveGroupId == group && whose.SavedGroupId == group;
}
