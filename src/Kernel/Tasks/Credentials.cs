// Who a task acts as. A value, copied at fork; changed only by the task itself. Linux: struct cred. man 7 credentials.
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Tasks;

[InlineArray(Capacity)]
public struct GroupList
{
    public const int Capacity = 32;

    private uint _first;
}

public struct Credentials
{
    public uint UserId, EffectiveUserId, SavedUserId, FileUserId;
    public uint GroupId, EffectiveGroupId, SavedGroupId, FileGroupId;
    public GroupList Groups;
    public int GroupCount;

    /// <summary>The superuser may do what needs a capability; capabilities are not told apart yet.</summary>
    public readonly bool IsSuperuser => EffectiveUserId == 0;

    /// <summary>True when files of <paramref name="group"/> are opened with the group's permissions.</summary>
    public readonly bool IsInGroup(uint group)
    {
        if (group == FileGroupId)
            return true;
        for (var i = 0; i < GroupCount; i++)
        {
            if (Groups[i] == group)
                return true;
        }

        return false;
    }
}
