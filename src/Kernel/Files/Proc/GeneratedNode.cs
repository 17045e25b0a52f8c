// The fixed part of a generated file system (proc, sysfs): a tree of names made at start-up that never changes, so that it needs no
// lock. Inodes and directory entries for it come and go as they are used. Linux: struct proc_dir_entry, struct kernfs_node.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

internal sealed class GeneratedNode
{
    private GeneratedNode? _firstChild, _lastChild, _next;
    private int _count;

    /// <summary>A top directory. <paramref name="number"/>: its inode number; further nodes count up from it.</summary>
    public GeneratedNode(uint mode, ulong number)
        : this("/", S_IFDIR | mode, new NodeCounter(number))
    {
        Names = NodeNames.Instance;
        Files = NodeDirectory.Instance;
    }

    private GeneratedNode(string name, uint mode, NodeCounter counter)
    {
        Name = name;
        Mode = mode;
        Counter = counter;
        Number = counter.Next++;
    }

    private string Name { get; }

    /// <summary>Follows the name, as in "cpu0"; -1: nothing does. Strings cannot be made while the kernel runs.</summary>
    private int NameNumber { get; init; } = -1;

    /// <summary>Type and permissions.</summary>
    public uint Mode { get; }

    /// <summary>Inode number.</summary>
    public ulong Number { get; }

    /// <summary>What its inode can do as a name; a directory with names beyond its children has operations of its own.</summary>
    public InodeOperations Names { get; set; } = null!;

    public FileOperations Files { get; set; } = null!;

    /// <summary>A symbolic link's text.</summary>
    public string? Target { get; private init; }

    /// <summary>How many children it has.</summary>
    public int Count => _count;

    private NodeCounter Counter { get; }

    public GeneratedNode AddDirectory(string name)
    {
        var made = new GeneratedNode(name, S_IFDIR | 0x16d, Counter) { Names = NodeNames.Instance, Files = NodeDirectory.Instance };
        return Add(made);
    }

    /// <summary>A directory whose name ends in a number.</summary>
    public GeneratedNode AddDirectory(string name, int number) =>
        Add(new GeneratedNode(name, S_IFDIR | 0x16d, Counter) { NameNumber = number, Names = NodeNames.Instance, Files = NodeDirectory.Instance });

    /// <summary>A link with a fixed text, or, with <paramref name="names"/>, one that works its text out.</summary>
    public void AddLink(string name, string? target, InodeOperations? names = null) =>
        Add(new GeneratedNode(name, S_IFLNK | 0x1ff, Counter)
        {
            Names = names ?? NodeNames.Instance,
            Files = NoDeviceOperations.Instance,
            Target = target,
        });

    public void AddFile(string name, FileOperations files, uint mode = 0x124) =>
        Add(new GeneratedNode(name, S_IFREG | mode, Counter) { Names = NodeNames.Instance, Files = files });

    /// <summary>A file whose text <paramref name="write"/>, a static lambda, makes.</summary>
    public void AddText(string name, Action<PagedText> write, uint mode = 0x124) => AddFile(name, new TextFile(write, null), mode);

    /// <summary>The same, and <paramref name="accept"/> takes what is written to it.</summary>
    public void AddSetting(string name, Action<PagedText> write, Func<ReadOnlySpan<byte>, Errno> accept) =>
        AddFile(name, new TextFile(write, accept), 0x1a4);

    public GeneratedNode? Find(ReadOnlySpan<byte> name)
    {
        Span<byte> own = stackalloc byte[NAME_MAX];
        for (var child = _firstChild; child is not null; child = child._next)
        {
            if (name.SequenceEqual(child.WriteName(own)))
                return child;
        }

        return null;
    }

    /// <summary>Writes its name into <paramref name="to"/>; the part that was written.</summary>
    public ReadOnlySpan<byte> WriteName(Span<byte> to)
    {
        var text = new TextWriter(to);
        text.Append(Name);
        if (NameNumber >= 0)
            text.Append($"{NameNumber}");
        return to.Slice(0, text.Length);
    }

    /// <summary>The child at a place in the order they were added, or null.</summary>
    public GeneratedNode? At(long index)
    {
        var child = _firstChild;
        for (; child is not null && index > 0; index--)
            child = child._next;
        return child;
    }

    private GeneratedNode Add(GeneratedNode made)
    {
        if (_lastChild is null)
            _firstChild = made;
        else
            _lastChild._next = made;
        _lastChild = made;
        _count++;
        return made;
    }

    /// <summary>The next inode number of one tree.</summary>
    private sealed class NodeCounter
    {
        public ulong Next;

        public NodeCounter(ulong first) => Next = first;
    }
}
