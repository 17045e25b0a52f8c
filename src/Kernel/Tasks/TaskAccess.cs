// Who may change or look into another task. Guard: TaskTree.Lock, or the task is the current one.
namespace Jiffy.Kernel.Tasks;

internal static class TaskAccess
{
    /// <summary>The caller's effective user is the superuser, or the target's real or effective user: scheduling calls, man 2 setpriority.</summary>
    public static bool MayControl(Task target)
    {
        ref var mine = ref Task.Current.Credentials;
        ref var theirs = ref target.Credentials;
        return mine.IsSuperuser || mine.EffectiveUserId == theirs.UserId || mine.EffectiveUserId == theirs.EffectiveUserId;
    }
}
