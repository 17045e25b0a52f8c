// What the files of one file system can do as names in the tree: one sealed class per kind of file, without state, one object
// each. Process context; all may sleep. Errors of the base class say that the kind cannot do it. Linux: struct inode_operations.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public abstract class InodeOperations
{
    /// <summary>
    /// Makes the inode that <paramref name="name"/> means in a directory whose entries are not all kept as directory entries (proc).
    /// Called with the file system's tree lock held; the result has one user, the caller. ENOENT: no such name.
    /// </summary>
    public virtual Result<Inode> Lookup(Inode directory, ReadOnlySpan<byte> name) => Errno.ENOENT;

    /// <summary>False when what the inode stood for has gone: the name is looked up anew. Any lock may be held by the caller but spin locks.</summary>
    public virtual bool IsValid(Inode inode) => true;

    /// <summary>
    /// Makes a file of <paramref name="mode"/>'s type for a name in <paramref name="directory"/>; result has one user, the caller, who enters
    /// the name. Tree lock held. EPERM: files cannot be made here.
    /// </summary>
    public virtual Result<Inode> Create(Inode directory, uint mode, DeviceNumber device) => Errno.EPERM;

    /// <summary>True when names may be entered and removed in directories of this kind.</summary>
    public virtual bool CanChangeNames => false;

    /// <summary>And may they be renamed, and files given further ones.</summary>
    public virtual bool CanMoveNames => CanChangeNames;

    /// <summary>The target's text of a symbolic link into <paramref name="to"/>; its length.</summary>
    public virtual Result<int> ReadLink(Inode inode, Span<byte> to) => Errno.EINVAL;

    /// <summary>Where a link leads that is not a text (proc's exe, cwd, fd). Counted for the caller. EINVAL: use the text.</summary>
    public virtual Result<Location> FollowLink(Inode inode) => Errno.EINVAL;

    /// <summary>Sets the size; Contents held. EINVAL: not for this kind.</summary>
    public virtual Errno Truncate(Inode inode, long size) => Errno.EINVAL;

    /// <summary>See <see cref="Inode.TryGetPage"/>.</summary>
    public virtual bool TryGetPage(Inode inode, long pageIndex, bool forWrite, out FrameNumber frame)
    {
        frame = FrameNumber.None;
        return false;
    }

    /// <summary>Brings attributes up to date before stat shows them.</summary>
    public virtual void Refresh(Inode inode)
    {
    }

    /// <summary>May changes of mode, owner and times be made. None, or EPERM.</summary>
    public virtual Errno CheckAttributeChange(Inode inode) => Errno.None;

    /// <summary>The last user has gone: lets go of <see cref="Inode.Private"/>. Pages are freed by the caller.</summary>
    public virtual void Release(Inode inode)
    {
    }
}
