// May the running task do this with this file: mode bits against its file user and groups, or a capability.
// Linux: inode_permission(), inode_owner_or_capable().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class Permission
{
    public static uint FileUserId => Task.Current.Credentials.FileUserId;
    public static uint FileGroupId => Task.Current.Credentials.FileGroupId;

    /// <summary>May the running task do what needs this right.</summary>
    public static bool Has(Capability capability) => Task.Current.Credentials.Has(capability);

    /// <summary>Checks <paramref name="access"/> (R_OK, W_OK, X_OK together) against the mode bits. None or EACCES.</summary>
    public static Errno Check(Inode inode, int access)
    {
        ref var who = ref Task.Current.Credentials;
        return Check(inode, access, who.FileUserId, who.IsInGroup(inode.GroupId));
    }

    /// <summary>The same for another user and group membership: access(2) asks for the real ones.</summary>
    public static Errno Check(Inode inode, int access, uint user, bool inGroup)
    {
        var shift = user == inode.UserId ? 6 : inGroup ? 3 : 0;
        if ((access & ~(int)(inode.Mode >> shift) & 7) == 0)
            return Errno.None;
        var mayExecute = inode.IsDirectory || (inode.Mode & 0x49) != 0;
        if (((access & X_OK) == 0 || mayExecute) && Has(Capability.CAP_DAC_OVERRIDE))
            return Errno.None;
        var onlyReads = access == R_OK || (inode.IsDirectory && (access & W_OK) == 0);
        return onlyReads && Has(Capability.CAP_DAC_READ_SEARCH) ? Errno.None : Errno.EACCES;
    }

    /// <summary>May open or change contents seen through a mount: EROFS when writing to one that is read-only.</summary>
    public static Errno CheckMount(in Location location, int access) =>
        (access & W_OK) != 0 && location.Mount.IsReadOnly && !IsSpecial(location.Inode) ? Errno.EROFS : Errno.None;

    /// <summary>Owner of the file, or superuser: may change mode and times. None or EPERM.</summary>
    public static Errno CheckOwner(Inode inode) => inode.UserId == FileUserId || Has(Capability.CAP_FOWNER) ? Errno.None : Errno.EPERM;

    /// <summary>May a name be entered into this directory.</summary>
    public static Errno CheckAdd(in Location directory)
    {
        var error = CheckMount(directory, W_OK);
        return error != Errno.None ? error : Check(directory.Inode, W_OK | X_OK);
    }

    /// <summary>May this name be removed: the directory writable, and, when it is sticky, one of the two owned by the caller.</summary>
    public static Errno CheckRemove(in Location directory, Inode victim)
    {
        var error = CheckAdd(directory);
        if (error != Errno.None || (directory.Inode.Mode & S_ISVTX) == 0 || Has(Capability.CAP_FOWNER))
            return error;
        return victim.UserId == FileUserId || directory.Inode.UserId == FileUserId ? Errno.None : Errno.EPERM;
    }

    private static bool IsSpecial(Inode inode) => inode.IsDevice || inode.Type is S_IFIFO or S_IFSOCK;
}
