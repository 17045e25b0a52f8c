// Where POSIX message queues live: a file system of one directory, with a file for each queue; it is the same wherever it is mounted, and
// need not be mounted. Making a file there makes a queue. All queues are in one list, for what a user may have.
// Context: process; may sleep. Locks: the tree lock of the file system for names; s_lock guards the list. Linux: ipc/mqueue.c. man 7 mq_overview.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

internal readonly struct MessageQueueListRank : ILockRank
{
    public static LockRank Rank => LockRank.MessageQueueList;
}

public sealed class MessageQueueFileSystem : FileSystemType
{
    private static readonly MessageQueueFileSystem s_type = new();
    private static Mount s_mount = null!;
    private static SpinLock<MessageQueueListRank, PreemptionOff> s_lock;
    private static LinkedRing<MessageQueue, MessageQueue.InAll> s_all;
    private static int s_count;

    // What /proc/sys/fs/mqueue sets.
    public static int MaxQueues, MaxMessages, MaxMessageBytes, UsualMessages, UsualMessageBytes;

    public override string Name => "mqueue";
    public override uint Magic => 0x19800202;

    /// <summary>Start-up.</summary>
    public static void Init()
    {
        MaxQueues = 256;
        MaxMessages = UsualMessages = 10;
        MaxMessageBytes = UsualMessageBytes = 8192;
        s_lock = default;
        s_all = default;
        s_count = 0;
        MessageQueue.Init((int)Math.Clamp(FrameAllocator.TotalFrames / 4, 1024, 1 << 16));
        var made = MakeInstance();
        Invariant.That(made.IsOk, "memory for the file system of message queues");
        s_mount = made.Value;
        FileSystemTypes.Register(s_type);
    }

    private static Result<Mount> MakeInstance()
    {
        var made = MemoryFileSystem.Create(s_type, "mode=1777"u8, limited: false);
        if (!made.TryGet(out var fileSystem))
            return made.Error;
        fileSystem.Root.Inode.Operations = QueueNames.Instance;
        return Files.Mount.Create(fileSystem, fileSystem.Root, 0, default);
    }

    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options)
    {
        s_mount.FileSystem.AddUser();
        return s_mount.FileSystem;
    }

    /// <summary>mq_open: finds or makes a queue and opens it. <paramref name="attributes"/>: of a new one, if <paramref name="hasAttributes"/>.</summary>
    /// <returns>ENOENT, EEXIST, EACCES, EINVAL, ENOSPC, EMFILE, ENFILE, ENOMEM, ENAMETOOLONG.</returns>
    public static Result<OpenFile> Open(ReadOnlySpan<byte> name, int flags, uint mode, in QueueAttributes attributes, bool hasAttributes)
    {
        var error = CheckName(name);
        if (error != Errno.None)
            return error;
        Result<DirectoryEntry> entry;
        var wasMade = false;
        using (s_mount.FileSystem.Tree.Acquire())
        {
            entry = DirectoryTree.LookupLocked(s_mount.Root, name);
            wasMade = entry.Error == Errno.ENOENT && (flags & O_CREAT) != 0;
            if (wasMade)
                entry = MakeLocked(name, mode, attributes, hasAttributes);
            else if (entry.IsOk)
                error = CheckOpen(entry.Value.Inode, flags);
        }

        if (!entry.TryGet(out var found))
            return entry.Error;
        var opened = error == Errno.None ? OpenFile.Create(new Location(s_mount, found), flags) : error;
        found.Drop();
        return opened;
    }

    // A name is one component.
    private static Errno CheckName(ReadOnlySpan<byte> name)
    {
        if (name.IndexOf((byte)'/') >= 0 || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
            return Errno.EACCES;
        return name.Length > NAME_MAX ? Errno.ENAMETOOLONG : Errno.None;
    }

    private static Result<DirectoryEntry> MakeLocked(ReadOnlySpan<byte> name, uint mode, in QueueAttributes attributes, bool hasAttributes)
    {
        var error = Permission.CheckAdd(new Location(s_mount, s_mount.Root));
        if (error != Errno.None)
            return error;
        var mask = Task.Current.FileContext?.Mask ?? 0;
        var made = hasAttributes
            ? MakeInode(S_IFREG | (mode & 0x1ff & ~mask), attributes.MaxMessages, attributes.MessageBytes)
            : MakeUsual(S_IFREG | (mode & 0x1ff & ~mask));
        if (!made.TryGet(out var inode))
            return made.Error;
        var entered = DirectoryTree.Enter(s_mount.Root, name, inode);
        if (!entered.IsOk)
            inode.Drop();
        return entered;
    }

    private static Errno CheckOpen(Inode inode, int flags)
    {
        const int Exclusive = O_CREAT | O_EXCL;
        if ((flags & Exclusive) == Exclusive)
            return Errno.EEXIST;
        return (flags & O_ACCMODE) switch
        {
            O_RDONLY => Permission.Check(inode, R_OK),
            O_WRONLY => Permission.Check(inode, W_OK),
            O_RDWR => Permission.Check(inode, R_OK | W_OK),
            _ => Errno.EINVAL,
        };
    }

    /// <summary>mq_unlink. ENOENT, EACCES, EPERM, ENAMETOOLONG.</summary>
    public static Errno Unlink(ReadOnlySpan<byte> name)
    {
        var error = CheckName(name);
        return error != Errno.None ? error : NameRemoval.Remove(new Location(s_mount, s_mount.Root), name, directory: false, trailingSlash: false);
    }

    private static Result<Inode> MakeUsual(uint mode) =>
        MakeInode(mode, Math.Min(MaxMessages, UsualMessages), Math.Min(MaxMessageBytes, UsualMessageBytes));

    // A queue's file, with one user, the caller. EINVAL, ENOSPC, EMFILE, ENOMEM.
    private static Result<Inode> MakeInode(uint mode, long maxMessages, long messageBytes)
    {
        var isPrivileged = Task.Current.Credentials.Has(Capability.CAP_SYS_RESOURCE);
        if (s_count >= MaxQueues && !isPrivileged)
            return Errno.ENOSPC;
        if (maxMessages <= 0 || messageBytes <= 0
            || maxMessages > (isPrivileged ? PosixQueues.HARD_MSGMAX : MaxMessages)
            || messageBytes > (isPrivileged ? PosixQueues.HARD_MSGSIZEMAX : MaxMessageBytes))
            return Errno.EINVAL;
        var priorities = Math.Min(maxMessages, PosixQueues.MQ_PRIO_MAX);
        var charge = maxMessages * (messageBytes + PosixQueues.MessageCost) + priorities * PosixQueues.PriorityCost;
        var user = Task.Current.Credentials.UserId;
        if (MessageQueue.Create(maxMessages, messageBytes, user, charge) is not { } queue)
            return Errno.ENOMEM;
        Result<Inode> made = Errno.EMFILE;
        if (TryAdd(queue))
        {
            made = Inode.Create(s_mount.FileSystem, mode, QueueNames.Instance, MessageQueueOperations.Instance);
            if (made.TryGet(out var inode))
            {
                inode.Private = queue;
                inode.Size = MessageQueueOperations.FileBytes;
                return made;
            }

            Forget(queue);
        }

        queue.Free();
        return made;
    }

    // Counts a new queue. False: its user would have more than RLIMIT_MSGQUEUE.
    private static bool TryAdd(MessageQueue queue)
    {
        var limit = Task.Current.Group.SoftLimit(Resource.MSGQUEUE);
        using (s_lock.Acquire())
        {
            var used = (ulong)queue.Charge;
            for (var other = s_all.First; other is not null; other = LinkedRing<MessageQueue, MessageQueue.InAll>.After(other))
                used += other.UserId == queue.UserId ? (ulong)other.Charge : 0;
            if (used > limit)
                return false;
            s_all.AddLast(queue);
            s_count++;
            return true;
        }
    }

    private static void Forget(MessageQueue queue)
    {
        using (s_lock.Acquire())
        {
            s_all.Remove(queue);
            s_count--;
        }
    }

    /// <summary>Names of queues: made and removed, with open, unlink, or the queues' own calls.</summary>
    private sealed class QueueNames : InodeOperations
    {
        public static readonly QueueNames Instance = new();

        public override bool CanChangeNames => true;
        public override bool CanMoveNames => false;

        /// <summary>What O_TRUNC asks for: a queue has no contents to cut.</summary>
        public override Errno Truncate(Inode inode, long size) => Errno.None;

        public override Result<Inode> Create(Inode directory, uint mode, DeviceNumber device) =>
            (mode & S_IFMT) == S_IFREG ? MakeUsual(mode) : Errno.EPERM;

        public override void Release(Inode inode)
        {
            if (inode.Private is not MessageQueue queue)
                return;
            inode.Private = null;
            Forget(queue);
            queue.Free();
        }
    }
}
