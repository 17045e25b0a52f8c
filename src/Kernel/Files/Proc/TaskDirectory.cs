// /proc/PID and /proc/PID/task/TID: the fixed files of a task; and /proc/PID/task, its threads. Positions: 2 + slot, 2 + thread id.
// Process context; may sleep. Linux: proc_pident_lookup(), proc_task_readdir().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

/// <summary>A name that is about a task and goes with it.</summary>
internal abstract class TaskNames : GeneratedNames
{
    public override bool IsValid(Inode inode) => TaskHandle.Of(inode).TryUpdateOwner(inode);
    public override void Refresh(Inode inode) => TaskHandle.Of(inode).TryUpdateOwner(inode);
}

internal sealed class TaskFileNames : TaskNames
{
    public static readonly TaskFileNames Instance = new();
}

internal sealed class TaskDirectoryNames : TaskNames
{
    public const uint Mode = S_IFDIR | 0x16d;

    public static readonly TaskDirectoryNames Instance = new();

    public override Result<Inode> Lookup(Inode directory, ReadOnlySpan<byte> name)
    {
        var task = TaskHandle.Of(directory);
        var slot = TaskEntries.Find(name, task.IsThread);
        if (slot == 0)
            return Errno.ENOENT;
        var entry = TaskEntries.At(slot);
        var made = task.At(slot).MakeInode(directory.FileSystem, entry.Mode, entry.Names, entry.Files);
        return made.Error == Errno.ESRCH ? Errno.ENOENT : made;
    }
}

internal sealed class TaskDirectory : FileOperations
{
    public static readonly TaskDirectory Instance = new();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EISDIR;

    public override bool TryGetProcess(OpenFile file, out ThreadGroup? process)
    {
        var handle = TaskHandle.Of(file.Inode);
        process = handle.Find()?.Group;
        return !handle.IsThread;
    }

    public override Errno ReadDirectory(OpenFile file, ref DirectoryWriter to)
    {
        var task = TaskHandle.Of(file.Inode);
        if (!task.IsAlive)
            return Errno.ENOENT;
        if (!to.AddDots())
            return Errno.None;
        Span<byte> name = stackalloc byte[NAME_MAX];
        for (var slot = file.Position - DirectoryWriter.FirstPosition + 1; slot >= 1 && slot <= TaskEntries.Count; slot++)
        {
            var entry = TaskEntries.At((int)slot);
            if (task.IsThread && !entry.IsOfThreads)
                continue;
            var text = new TextWriter(name);
            text.Append(entry.Name);
            var next = slot + DirectoryWriter.FirstPosition;
            if (!to.Add(text.Written, task.At((int)slot).InodeNumber, DirectoryType(entry.Mode), next))
                break;
        }

        return Errno.None;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => NodeDirectory.SeekDirectory(file, offset, whence);
}

internal sealed class ThreadListNames : TaskNames
{
    public static readonly ThreadListNames Instance = new();

    public override void Refresh(Inode inode)
    {
        base.Refresh(inode);
        inode.LinkCount = 2 + TaskList.CountThreads(TaskHandle.Of(inode));
    }

    public override Result<Inode> Lookup(Inode directory, ReadOnlySpan<byte> name)
    {
        var id = TextParsing.Id(name);
        if (id < 0 || !TaskList.TryFindThread(TaskHandle.Of(directory), id, out var thread))
            return Errno.ENOENT;
        var made = thread.MakeInode(directory.FileSystem, TaskDirectoryNames.Mode, TaskDirectoryNames.Instance, TaskDirectory.Instance);
        return made.Error == Errno.ESRCH ? Errno.ENOENT : made;
    }
}

internal sealed class ThreadListDirectory : FileOperations
{
    public static readonly ThreadListDirectory Instance = new();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EISDIR;

    public override Errno ReadDirectory(OpenFile file, ref DirectoryWriter to)
    {
        var process = TaskHandle.Of(file.Inode);
        if (!process.IsAlive)
            return Errno.ENOENT;
        if (!to.AddDots())
            return Errno.None;
        Span<byte> name = stackalloc byte[16];
        while (TaskList.TryNextThread(process, file.Position - DirectoryWriter.FirstPosition, out var thread))
        {
            var text = new TextWriter(name);
            text.Append($"{thread.Id}");
            if (!to.Add(text.Written, thread.InodeNumber, DirectoryType(S_IFDIR), DirectoryWriter.FirstPosition + thread.Id + 1))
                break;
        }

        return Errno.None;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => NodeDirectory.SeekDirectory(file, offset, whence);
}
