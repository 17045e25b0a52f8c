// Unpacks cpio archives of the "new ASCII" form (magic 070701 or 070702) into a directory tree. Several may follow each other, with zeros
// between; a later entry replaces an earlier one. Names that climb ("..") are refused; missing directories are made.
// Contexts: process, at start-up, before others change the tree; takes the tree lock. man 5 cpio; Linux: unpack_to_rootfs().
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public ref struct CpioArchive
{
    private const int HeaderBytes = 110;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly DirectoryEntry _root;
    private CpioLinks _links;

    public CpioArchive(ReadOnlySpan<byte> bytes, DirectoryEntry root)
    {
        _bytes = bytes;
        _root = root;
        _links = new CpioLinks();
    }

    /// <summary>Where the next header is.</summary>
    public int Position { get; private set; }

    /// <summary>Entries unpacked.</summary>
    public int FileCount { get; private set; }

    /// <summary>Why unpacking stopped, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Unpacks everything. False: see <see cref="Problem"/>; what came before is unpacked.</summary>
    public bool UnpackAll()
    {
        using (_root.Inode.FileSystem.Tree.Acquire())
        {
            while (Problem is null && SkipZeros())
                UnpackEntry();
        }

        _links.Clear();
        return Problem is null;
    }

    // Zeros fill up to the next archive. False: the end.
    private bool SkipZeros()
    {
        while (Position < _bytes.Length && _bytes[Position] == 0)
            Position++;
        return Position < _bytes.Length;
    }

    private void UnpackEntry()
    {
        var rest = _bytes.Slice(Position);
        if (!CpioHeader.TryRead(rest, out var header))
        {
            Problem = "not a cpio header";
            return;
        }

        var dataAt = HeaderBytes + header.NameBytes + 3 & ~3L;
        var end = dataAt + header.FileBytes;
        if (header.NameBytes == 0 || end > rest.Length)
        {
            Problem = "archive ends early";
            return;
        }

        var name = rest.Slice(HeaderBytes, (int)header.NameBytes - 1);
        if (name.SequenceEqual("TRAILER!!!"u8))
            _links.Clear();
        else
            Enter(name, header, rest.Slice((int)dataAt, (int)header.FileBytes));
        Position = (int)Math.Min(Position + (end + 3 & ~3L), _bytes.Length);
    }

    private void Enter(ReadOnlySpan<byte> path, in CpioHeader header, ReadOnlySpan<byte> data)
    {
        var directory = _root;
        directory.AddUser();
        while (true)
        {
            path = TrimSlashes(path);
            var end = path.IndexOf((byte)'/');
            var name = end < 0 ? path : path.Slice(0, end);
            path = end < 0 ? default : TrimSlashes(path.Slice(end));
            if (name.Length == 0 || name.SequenceEqual("."u8) && path.Length == 0)
            {
                SetAttributes(_root.Inode, header);
                break;
            }

            if (name.SequenceEqual("."u8))
                continue;
            if (name.Length > NAME_MAX || name.SequenceEqual(".."u8) || name.IndexOf((byte)0) >= 0)
            {
                Problem = "bad name";
                break;
            }

            if (path.Length == 0)
            {
                EnterLast(directory, name, header, data);
                break;
            }

            if (!StepInto(ref directory, name))
                break;
        }

        directory.Drop();
    }

    // Goes down one directory, making it if it is not there. False: there is a problem.
    private bool StepInto(ref DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        var found = DirectoryTree.LookupLocked(directory, name);
        if (!found.IsOk)
            found = NameMaking.MakeLocked(directory, name, S_IFDIR | 0x1ed, default, default);
        if (!found.TryGet(out var entry))
        {
            Problem = "out of memory";
            return false;
        }

        if (!entry.Inode.IsDirectory)
        {
            entry.Drop();
            Problem = "a file stands where a directory is needed";
            return false;
        }

        directory.Drop();
        directory = entry;
        return true;
    }

    private void EnterLast(DirectoryEntry directory, ReadOnlySpan<byte> name, in CpioHeader header, ReadOnlySpan<byte> data)
    {
        if (!ClearWay(directory, name, header))
            return;
        if (_links.Find(header) is { } known)
        {
            EnterLink(directory, name, known, data);
            return;
        }

        var isLink = (header.Mode & S_IFMT) == S_IFLNK;
        if (isLink && data.Length is 0 or >= PATH_MAX)
        {
            Problem = "bad symbolic link";
            return;
        }

        var made = NameMaking.MakeLocked(directory, name, header.Mode, header.Device, isLink ? data : default);
        if (!made.TryGet(out var entry))
        {
            Problem = "out of memory";
            return;
        }

        if (entry.Inode.IsRegular)
            Fill(entry.Inode, data);
        SetAttributes(entry.Inode, header);
        _links.Remember(header, entry.Inode);
        entry.Drop();
        FileCount++;
    }

    // What is there under the name goes, but a directory stays when a directory comes. False: nothing more to do.
    private bool ClearWay(DirectoryEntry directory, ReadOnlySpan<byte> name, in CpioHeader header)
    {
        var found = DirectoryTree.LookupLocked(directory, name);
        if (!found.TryGet(out var entry))
            return true;
        var isDirectory = entry.Inode.IsDirectory;
        if (!isDirectory)
            DirectoryTree.Remove(entry);
        else if ((header.Mode & S_IFMT) == S_IFDIR)
            SetAttributes(entry.Inode, header);
        else
            Problem = "a directory stands where a file is to be";
        entry.Drop();
        return !isDirectory;
    }

    private void EnterLink(DirectoryEntry directory, ReadOnlySpan<byte> name, Inode inode, ReadOnlySpan<byte> data)
    {
        inode.AddUser();
        var entry = DirectoryTree.Enter(directory, name, inode);
        if (!entry.IsOk)
        {
            inode.Drop();
            Problem = "out of memory";
            return;
        }

        if (inode.Size == 0 && inode.IsRegular)
            Fill(inode, data);
        entry.Value.Drop();
        FileCount++;
    }

    private void Fill(Inode inode, ReadOnlySpan<byte> data)
    {
        var from = new IoBuffer(data);
        long position = 0;
        if (PageFile.Write(inode, ref from, ref position).Value < data.Length)
            Problem = "out of memory";
    }

    private static void SetAttributes(Inode inode, in CpioHeader header)
    {
        inode.Mode = inode.Mode & S_IFMT | header.Mode & ModeBits;
        inode.UserId = header.UserId;
        inode.GroupId = header.GroupId;
        inode.ModifyTime = header.ModifyTime * 1_000_000_000L;
    }

    private static ReadOnlySpan<byte> TrimSlashes(ReadOnlySpan<byte> path)
    {
        var at = 0;
        while (at < path.Length && path[at] == '/')
            at++;
        return path.Slice(at);
    }
}
