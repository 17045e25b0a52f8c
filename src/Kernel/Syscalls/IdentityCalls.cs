// System calls of user and group ids. man 2 setuid, setreuid, setresuid, setfsuid, getgroups; man 7 credentials.
// A task changes only its own credentials; no lock. -1 means: leave as it is.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

internal static class IdentityCalls
{
    private const uint Unchanged = uint.MaxValue;

    private static ref Credentials Mine => ref Task.Current.Credentials;

    public static long GetUid() => Mine.UserId;
    public static long GetEuid() => Mine.EffectiveUserId;
    public static long GetGid() => Mine.GroupId;
    public static long GetEgid() => Mine.EffectiveGroupId;

    public static long SetUid(uint id)
    {
        ref var c = ref Mine;
        var before = c;
        if (id == Unchanged)
            return -(long)Errno.EINVAL;
        if (c.Has(Capability.CAP_SETUID))
            c.UserId = c.SavedUserId = id;
        else if (id != c.UserId && id != c.SavedUserId)
            return -(long)Errno.EPERM;
        c.EffectiveUserId = c.FileUserId = id;
        c.Capabilities.UserChanged(before, c);
        return 0;
    }

    public static long SetGid(uint id)
    {
        ref var c = ref Mine;
        if (id == Unchanged)
            return -(long)Errno.EINVAL;
        if (c.Has(Capability.CAP_SETGID))
            c.GroupId = c.SavedGroupId = id;
        else if (id != c.GroupId && id != c.SavedGroupId)
            return -(long)Errno.EPERM;
        c.EffectiveGroupId = c.FileGroupId = id;
        return 0;
    }

    public static long SetReUid(uint real, uint effective)
    {
        ref var c = ref Mine;
        var before = c;
        var old = c.UserId;
        if (!c.Has(Capability.CAP_SETUID))
        {
            if (real != Unchanged && real != c.UserId && real != c.EffectiveUserId)
                return -(long)Errno.EPERM;
            if (effective != Unchanged && effective != c.UserId && effective != c.EffectiveUserId && effective != c.SavedUserId)
                return -(long)Errno.EPERM;
        }

        if (real != Unchanged)
            c.UserId = real;
        if (effective != Unchanged)
            c.EffectiveUserId = effective;
        if (real != Unchanged || (effective != Unchanged && effective != old))
            c.SavedUserId = c.EffectiveUserId;
        c.FileUserId = c.EffectiveUserId;
        c.Capabilities.UserChanged(before, c);
        return 0;
    }

    public static long SetReGid(uint real, uint effective)
    {
        ref var c = ref Mine;
        var old = c.GroupId;
        if (!c.Has(Capability.CAP_SETGID))
        {
            if (real != Unchanged && real != c.GroupId && real != c.EffectiveGroupId)
                return -(long)Errno.EPERM;
            if (effective != Unchanged && effective != c.GroupId && effective != c.EffectiveGroupId && effective != c.SavedGroupId)
                return -(long)Errno.EPERM;
        }

        if (real != Unchanged)
            c.GroupId = real;
        if (effective != Unchanged)
            c.EffectiveGroupId = effective;
        if (real != Unchanged || (effective != Unchanged && effective != old))
            c.SavedGroupId = c.EffectiveGroupId;
        c.FileGroupId = c.EffectiveGroupId;
        return 0;
    }

    public static long SetResUid(uint real, uint effective, uint saved)
    {
        ref var c = ref Mine;
        var before = c;
        if (!c.Has(Capability.CAP_SETUID) && !(IsOwnUser(c, real) && IsOwnUser(c, effective) && IsOwnUser(c, saved)))
            return -(long)Errno.EPERM;
        if (real != Unchanged)
            c.UserId = real;
        if (effective != Unchanged)
            c.EffectiveUserId = effective;
        if (saved != Unchanged)
            c.SavedUserId = saved;
        c.FileUserId = c.EffectiveUserId;
        c.Capabilities.UserChanged(before, c);
        return 0;
    }

    public static long SetResGid(uint real, uint effective, uint saved)
    {
        ref var c = ref Mine;
        if (!c.Has(Capability.CAP_SETGID) && !(IsOwnGroup(c, real) && IsOwnGroup(c, effective) && IsOwnGroup(c, saved)))
            return -(long)Errno.EPERM;
        if (real != Unchanged)
            c.GroupId = real;
        if (effective != Unchanged)
            c.EffectiveGroupId = effective;
        if (saved != Unchanged)
            c.SavedGroupId = saved;
        c.FileGroupId = c.EffectiveGroupId;
        return 0;
    }

    private static bool IsOwnUser(in Credentials c, uint id) =>
        id == Unchanged || id == c.UserId || id == c.EffectiveUserId || id == c.SavedUserId;

    private static bool IsOwnGroup(in Credentials c, uint id) =>
        id == Unchanged || id == c.GroupId || id == c.EffectiveGroupId || id == c.SavedGroupId;

    public static long GetResUid(ulong real, ulong effective, ulong saved)
    {
        ref var c = ref Mine;
        return UserAccess.TryWrite(real, c.UserId) && UserAccess.TryWrite(effective, c.EffectiveUserId) && UserAccess.TryWrite(saved, c.SavedUserId)
            ? 0 : -(long)Errno.EFAULT;
    }

    public static long GetResGid(ulong real, ulong effective, ulong saved)
    {
        ref var c = ref Mine;
        return UserAccess.TryWrite(real, c.GroupId) && UserAccess.TryWrite(effective, c.EffectiveGroupId) && UserAccess.TryWrite(saved, c.SavedGroupId)
            ? 0 : -(long)Errno.EFAULT;
    }

    /// <summary>Returns the old id, whether or not it was changed: that is how the call reports.</summary>
    public static long SetFsUid(uint id)
    {
        ref var c = ref Mine;
        var old = c.FileUserId;
        if (id != Unchanged && (c.Has(Capability.CAP_SETUID) || id == c.FileUserId || IsOwnUser(c, id)))
        {
            c.FileUserId = id;
            c.Capabilities.FileUserChanged(old, id);
        }

        return old;
    }

    public static long SetFsGid(uint id)
    {
        ref var c = ref Mine;
        var old = c.FileGroupId;
        if (id != Unchanged && (c.Has(Capability.CAP_SETGID) || id == c.FileGroupId || IsOwnGroup(c, id)))
            c.FileGroupId = id;
        return old;
    }

    public static long GetGroups(int count, ulong to)
    {
        ref var c = ref Mine;
        if (count < 0 || (count != 0 && count < c.GroupCount))
            return -(long)Errno.EINVAL;
        for (var i = 0; count != 0 && i < c.GroupCount; i++)
        {
            if (!UserAccess.TryWrite(to + 4 * (ulong)i, c.Groups[i]))
                return -(long)Errno.EFAULT;
        }

        return c.GroupCount;
    }

    public static long SetGroups(int count, ulong from)
    {
        if (!Mine.Has(Capability.CAP_SETGID))
            return -(long)Errno.EPERM;
        if (count is < 0 or > GroupList.Capacity)
            return -(long)Errno.EINVAL;
        var groups = default(GroupList);
        for (var i = 0; i < count; i++)
        {
            if (!UserAccess.TryRead(from + 4 * (ulong)i, out groups[i]))
                return -(long)Errno.EFAULT;
        }

        Mine.Groups = groups;
        Mine.GroupCount = count;
        return 0;
    }
}
