// One header of a cpio archive: thirteen numbers of eight hexadecimal digits. And the files seen that have more than one name.
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files;

public struct CpioHeader
{
    public uint InodeNumber, Mode, UserId, GroupId, LinkCount, ModifyTime;
    public DeviceNumber HomeDevice, Device;
    public long FileBytes, NameBytes;

    /// <summary>False: too short, another magic number, or no digits.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out CpioHeader header)
    {
        header = default;
        if (from.Length < 110 || !(from.StartsWith("070701"u8) || from.StartsWith("070702"u8)))
            return false;
        Span<uint> fields = stackalloc uint[13];
        for (var i = 0; i < fields.Length; i++)
        {
            if (!TryReadHex(from.Slice(6 + i * 8, 8), out fields[i]))
                return false;
        }

        header.InodeNumber = fields[0];
        header.Mode = fields[1];
        header.UserId = fields[2];
        header.GroupId = fields[3];
        header.LinkCount = fields[4];
        header.ModifyTime = fields[5];
        header.FileBytes = fields[6];
        header.HomeDevice = new DeviceNumber(fields[7], fields[8]);
        header.Device = new DeviceNumber(fields[9], fields[10]);
        header.NameBytes = fields[11];
        return true;
    }

    private static bool TryReadHex(ReadOnlySpan<byte> digits, out uint value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            var letter = digit | 0x20;
            var number = digit is >= (byte)'0' and <= (byte)'9' ? digit - '0' : letter is >= 'a' and <= 'f' ? letter - 'a' + 10 : -1;
            if (number < 0)
                return false;
            value = value << 4 | (uint)number;
        }

        return true;
    }
}

/// <summary>Files of one archive with several names, by their inode number there. Made at start-up only.</summary>
internal sealed class CpioLinks
{
    private const int Slots = 1024;

    private readonly Inode?[] _inodes = new Inode?[Slots];
    private readonly uint[] _numbers = new uint[Slots];
    private readonly DeviceNumber[] _homes = new DeviceNumber[Slots];

    /// <summary>The inode an earlier name of the same file made, or null.</summary>
    public Inode? Find(in CpioHeader header)
    {
        if (!MayHaveLinks(header))
            return null;
        for (var at = header.InodeNumber % Slots; _inodes[at] is { } inode; at = (at + 1) % Slots)
        {
            if (_numbers[at] == header.InodeNumber && _homes[at] == header.HomeDevice)
                return inode;
        }

        return null;
    }

    /// <summary>Keeps a file for further names. When the table is full they become files of their own.</summary>
    public void Remember(in CpioHeader header, Inode inode)
    {
        if (!MayHaveLinks(header))
            return;
        var at = header.InodeNumber % Slots;
        for (var tries = 0; _inodes[at] is not null; tries++)
        {
            if (tries == Slots - 2)
                return;
            at = (at + 1) % Slots;
        }

        inode.AddUser();
        _inodes[at] = inode;
        _numbers[at] = header.InodeNumber;
        _homes[at] = header.HomeDevice;
    }

    public void Clear()
    {
        for (var at = 0; at < Slots; at++)
        {
            _inodes[at]?.Drop();
            _inodes[at] = null;
        }
    }

    private static bool MayHaveLinks(in CpioHeader header) =>
        header.LinkCount > 1 && (header.Mode & FileConstants.S_IFMT) != FileConstants.S_IFDIR;
}
