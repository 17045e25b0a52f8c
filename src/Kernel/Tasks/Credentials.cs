// Who a task acts as. A value, copied at fork; changed only by the task itself. Linux: struct cred. man 7 credentials.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;

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

    public Capabilities Capabilities;

    /// <summary>Of the first task: user 0, who may do everything.</summary>
    public static Credentials OfSuperuser => new() { Capabilities = Capabilities.OfSuperuser };

    /// <summary>May its task do what needs this right.</summary>
    public readonly bool Has(Capability capability) => Capabilities.Has(capability);

    public readonly bool IsAnyUserRoot => UserId == 0 || EffectiveUserId == 0 || SavedUserId == 0;

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
