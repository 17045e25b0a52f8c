// Collects directory entries into a user's buffer in the layout of getdents or getdents64.
// Linux: struct dir_context, filldir().
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public ref struct DirectoryWriter
{
    /// <summary>Positions of names begin here: 0 and 1 mean "." and "..".</summary>
    public const long FirstPosition = 2;

    private const int LongestRecord = 19 + FileConstants.NAME_MAX + 8;

    private readonly OpenFile _file;
    private readonly bool _is64;
    private ulong _address;
    private int _room;

    public DirectoryWriter(OpenFile file, ulong address, int room, bool is64)
    {
        _file = file;
        _address = address;
        _room = room;
        _is64 = is64;
    }

    /// <summary>Bytes written.</summary>
    public int Written { get; private set; }

    /// <summary>EFAULT when the buffer was bad; EINVAL when not even one entry fitted.</summary>
    public Errno Error { get; private set; }

    /// <summary>
    /// Adds one entry and moves the file's position to <paramref name="next"/>, where reading goes on. False: full (stop, and answer None).
    /// </summary>
    public bool Add(scoped ReadOnlySpan<byte> name, ulong inode, byte type, long next)
    {
        Span<byte> record = stackalloc byte[LongestRecord];
        var length = _is64 ? 19 + name.Length + 1 : 18 + name.Length + 2;
        length = length + 7 & ~7;
        if (length > _room)
        {
            if (Written == 0)
                Error = Errno.EINVAL;
            return false;
        }

        record = record.Slice(0, length);
        record.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(record, inode);
        BinaryPrimitives.WriteInt64LittleEndian(record.Slice(8), next);
        BinaryPrimitives.WriteUInt16LittleEndian(record.Slice(16), (ushort)length);
        if (_is64)
            record[18] = type;
        else
            record[length - 1] = type;
        name.CopyTo(record.Slice(_is64 ? 19 : 18));
        if (!UserMemory.TryWrite(_address, record))
        {
            Error = Errno.EFAULT;
            return false;
        }

        _address += (ulong)length;
        _room -= length;
        Written += length;
        _file.Position = next;
        return true;
    }

    /// <summary>Adds "." and ".." when the position is before them. False: full.</summary>
    public bool AddDots()
    {
        var entry = _file.Location.Entry;
        if (_file.Position == 0 && !Add("."u8, entry.Inode.Number, Directory, 1))
            return false;
        if (_file.Position != 1)
            return true;
        var parent = DirectoryTree.ParentOf(entry);
        var number = (parent ?? entry).Inode.Number;
        parent?.Drop();
        return Add(".."u8, number, Directory, FirstPosition);
    }

    private static byte Directory => FileConstants.DirectoryType(FileConstants.S_IFDIR);
}
