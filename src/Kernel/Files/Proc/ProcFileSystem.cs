// procfs: one tree, however often it is mounted. Its top has fixed names (made here, at start-up) and a directory for each process;
// inodes and entries are made when looked up and go when unused. Positions in the top directory: fixed names first, then 256 + pid, so
// that reading it is steady while processes come and go. Process context; may sleep. Linux: fs/proc/root.c, base.c. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

public sealed class ProcFileSystem : FileSystemType
{
    private const ulong FirstNodeNumber = 0xf0000000;

    private static readonly ProcFileSystem s_type = new();
    private static FileSystem s_instance = null!;

    public override string Name => "proc";
    public override uint Magic => 0x9fa0;
    public override bool IsGenerated => true;

    /// <summary>Makes the tree and registers the kind. At start-up, after all rooms whose state is shown have theirs.</summary>
    public static void Init()
    {
        TaskEntries.Init();
        var top = new GeneratedNode(0x16d, FirstNodeNumber) { Names = ProcNames.Instance, Files = ProcDirectory.Instance };
        top.AddLink("self", null, SelfNames.Instance);
        top.AddLink("thread-self", null, ThreadSelfNames.Instance);
        top.AddLink("mounts", "self/mounts");
        MachineEntries.AddTo(top);
        top.AddDirectory("net").AddText("unix", static text => SocketTexts.Write(text));
        Settings.AddTo(top.AddDirectory("sys"));
        Invariant.That(top.Count < ProcDirectory.FirstProcess - DirectoryWriter.FirstPosition, "fixed names come before processes");
        var made = NodeNames.MakeFileSystem(s_type, top);
        Invariant.That(made.IsOk, "memory for the file system of processes");
        s_instance = made.Value;
        FileSystemTypes.Register(s_type);
    }

    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options)
    {
        s_instance.AddUser();
        return s_instance;
    }
}

/// <summary>The names in /proc: fixed ones, and ids of processes (of threads too, but those are not listed).</summary>
internal sealed class ProcNames : GeneratedNames
{
    public static readonly ProcNames Instance = new();

    public override Result<Inode> Lookup(Inode directory, ReadOnlySpan<byte> name)
    {
        if (((GeneratedNode)directory.Private!).Find(name) is { } node)
            return NodeNames.MakeInode(directory.FileSystem, node);
        var id = TextParsing.Id(name);
        if (id < 0 || !TaskList.TryFind(id, out var task))
            return Errno.ENOENT;
        var made = task.MakeInode(directory.FileSystem, TaskDirectoryNames.Mode, TaskDirectoryNames.Instance, TaskDirectory.Instance);
        return made.Error == Errno.ESRCH ? Errno.ENOENT : made;
    }
}

internal sealed class ProcDirectory : FileOperations
{
    /// <summary>The position of process 0.</summary>
    public const long FirstProcess = 256;

    public static readonly ProcDirectory Instance = new();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EISDIR;

    public override Errno ReadDirectory(OpenFile file, ref DirectoryWriter to)
    {
        if (file.Position < FirstProcess)
        {
            if (!NodeDirectory.AddNodes(file, ref to))
                return Errno.None;
            file.Position = FirstProcess;
        }

        Span<byte> name = stackalloc byte[16];
        while (TaskList.TryNextProcess(file.Position - FirstProcess, out var process))
        {
            var text = new TextWriter(name);
            text.Append($"{process.Id}");
            if (!to.Add(text.Written, process.InodeNumber, DirectoryType(S_IFDIR), FirstProcess + process.Id + 1))
                break;
        }

        return Errno.None;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => NodeDirectory.SeekDirectory(file, offset, whence);
}
