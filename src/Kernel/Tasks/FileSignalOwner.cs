// Whom an open file tells that it is ready, and in whose name. A copy is a snapshot. An id that has gone to another task since does not count:
// the moment at which the task began tells them apart. Groups have no such moment; a group's id is free only when the group is.
// Linux: struct fown_struct, with a counted struct pid in it. man 2 fcntl, F_SETOWN_EX.
namespace Jiffy.Kernel.Tasks;

/// <summary>The values are F_SETOWN_EX's.</summary>
public enum FileOwnerKind
{
    Thread,
    Process,
    Group,
}

internal struct FileSignalOwner
{
    public FileOwnerKind Kind;

    /// <summary>Of a thread, a process or a group; 0: nobody.</summary>
    public int Id;

    /// <summary>Of the process that made it the owner, at that time: what may be signalled is decided by them.</summary>
    public uint UserId, EffectiveUserId;

    /// <summary>0: SIGIO.</summary>
    public int Signal;

    private long _startTime;

    /// <summary>Keeps which task of that id there is now. False: none.</summary>
    public static bool TryIdentify(ref FileSignalOwner owner)
    {
        using (TaskTree.Lock.Acquire())
        {
            var task = TaskTree.Find(owner.Id);
            owner._startTime = task?.StartTime ?? 0;
            return task is not null || owner.Kind == FileOwnerKind.Group && TaskTree.FindGroup(owner.Id) is not null;
        }
    }

    /// <summary>The thread, or one of the process, if it is still the same; null for groups. TaskTree.Lock held.</summary>
    public readonly Task? FindTask() =>
        Id != 0 && Kind != FileOwnerKind.Group && TaskTree.Find(Id) is { } task && task.StartTime == _startTime ? task : null;

    /// <summary>What F_GETOWN tells: the id while there is somebody, as a negative number for a group.</summary>
    public readonly int LivingId
    {
        get
        {
            using (TaskTree.Lock.Acquire())
            {
                if (Kind == FileOwnerKind.Group)
                    return Id != 0 && TaskTree.FindGroup(Id) is not null ? -Id : 0;
                return FindTask() is not null ? Id : 0;
            }
        }
    }

    /// <summary>Whether who became the owner's maker might send it a signal. TaskTree.Lock held.</summary>
    public readonly bool MaySignal(Task task)
    {
        ref var theirs = ref task.Credentials;
        return EffectiveUserId == 0 || EffectiveUserId == theirs.SavedUserId || EffectiveUserId == theirs.UserId
            || UserId == theirs.SavedUserId || UserId == theirs.UserId;
    }
}
