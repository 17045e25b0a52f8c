// Changes of a file's attributes: size, mode, owner, times. Lock: the inode's Contents. Linux: notify_change(), do_truncate().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class FileAttributes
{
    /// <summary>Sets the size of a regular file that may be written. EINVAL, EFBIG, ENOSPC.</summary>
    public static Errno Truncate(Inode inode, long size)
    {
        if (inode.IsDirectory)
            return Errno.EISDIR;
        if (!inode.IsRegular || size < 0)
            return Errno.EINVAL;
        using (inode.Contents.Acquire())
        {
            var error = inode.Operations.Truncate(inode, size);
            if (error != Errno.None)
                return error;
            DropSetId(inode);
            FileTime.Modified(inode);
            return Errno.None;
        }
    }

    /// <summary>chmod. EPERM when neither owner nor superuser, EROFS.</summary>
    public static Errno SetMode(in Location place, uint mode)
    {
        var inode = place.Inode;
        var error = CheckChange(place);
        if (error == Errno.None)
            error = Permission.CheckOwner(inode);
        if (error != Errno.None)
            return error;
        using (inode.Contents.Acquire())
        {
            mode &= ModeBits;
            if (!Permission.Has(Capability.CAP_FSETID) && !Task.Current.Credentials.IsInGroup(inode.GroupId))
                mode &= ~S_ISGID;
            inode.Mode = inode.Mode & S_IFMT | mode;
            FileTime.Changed(inode);
        }

        FileNotify.OfPlace(place, NotifyFlags.IN_ATTRIB);
        return Errno.None;
    }

    /// <summary>chown; uint.MaxValue leaves a number as it is. EPERM, EROFS.</summary>
    public static Errno SetOwner(in Location place, uint user, uint group)
    {
        var inode = place.Inode;
        var error = CheckChange(place);
        if (error == Errno.None)
            error = CheckOwnerChange(inode, user, group);
        if (error != Errno.None)
            return error;
        using (inode.Contents.Acquire())
        {
            if (user != uint.MaxValue)
                inode.UserId = user;
            if (group != uint.MaxValue)
                inode.GroupId = group;
            if (!inode.IsDirectory)
                ClearSetId(inode);
            FileTime.Changed(inode);
        }

        FileNotify.OfPlace(place, NotifyFlags.IN_ATTRIB);
        return Errno.None;
    }

    /// <summary>
    /// utimensat; long.MinValue leaves a time as it is. <paramref name="isNow"/>: both times mean now, for which being allowed to write is enough.
    /// </summary>
    public static Errno SetTimes(in Location place, long access, long modification, bool isNow)
    {
        var inode = place.Inode;
        var error = CheckChange(place);
        if (error == Errno.None && Permission.CheckOwner(inode) != Errno.None)
            error = isNow ? Permission.Check(inode, W_OK) : Errno.EPERM;
        if (error != Errno.None)
            return error;
        using (inode.Contents.Acquire())
        {
            if (access != long.MinValue)
                inode.AccessTime = access;
            if (modification != long.MinValue)
                inode.ModifyTime = modification;
            FileTime.Changed(inode);
        }

        FileNotify.OfPlace(place, EventOfTimes(access != long.MinValue, modification != long.MinValue));
        return Errno.None;
    }

    private static uint EventOfTimes(bool access, bool modification) =>
        access && modification ? NotifyFlags.IN_ATTRIB : access ? NotifyFlags.IN_ACCESS : modification ? NotifyFlags.IN_MODIFY : 0;

    /// <summary>A write by somebody else than the superuser takes the set-id bits away. Contents held.</summary>
    public static void DropSetId(Inode inode)
    {
        if ((inode.Mode & (S_ISUID | S_ISGID)) != 0 && !Permission.Has(Capability.CAP_FSETID))
            ClearSetId(inode);
    }

    private static void ClearSetId(Inode inode)
    {
        inode.Mode &= ~S_ISUID;
        if ((inode.Mode & 0x8) != 0)
            inode.Mode &= ~S_ISGID;
    }

    private static Errno CheckChange(in Location place) =>
        place.Mount.IsReadOnly ? Errno.EROFS : place.Inode.Operations.CheckAttributeChange(place.Inode);

    private static Errno CheckOwnerChange(Inode inode, uint user, uint group)
    {
        if (Permission.Has(Capability.CAP_CHOWN))
            return Errno.None;
        if (inode.UserId != Permission.FileUserId || (user != uint.MaxValue && user != inode.UserId))
            return Errno.EPERM;
        return group == uint.MaxValue || group == inode.GroupId || Task.Current.Credentials.IsInGroup(group) ? Errno.None : Errno.EPERM;
    }
}
