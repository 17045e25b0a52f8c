// What stat, statx and statfs put into user memory, in the layouts of the ABI. man 2 stat, statx, statfs.
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

/// <summary>struct stat.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileStatus
{
    public ulong Device, Inode, Links;
    public uint Mode, User, Group, Padding;
    public ulong NodeDevice;
    public long Size, BlockSize, Blocks;
    public long AccessSeconds, AccessNanoseconds, ModifySeconds, ModifyNanoseconds, ChangeSeconds, ChangeNanoseconds;
    public long Reserved0, Reserved1, Reserved2;

    private const long Second = 1_000_000_000;

    public static FileStatus Of(Inode inode) => new()
    {
        Device = inode.FileSystem.Device.Encoded,
        Inode = inode.Number,
        Links = (ulong)inode.LinkCount,
        Mode = inode.Mode,
        User = inode.UserId,
        Group = inode.GroupId,
        NodeDevice = inode.Device.Encoded,
        Size = inode.Size,
        BlockSize = Frames.Size,
        Blocks = inode.PageCount * (Frames.Size / 512),
        AccessSeconds = Floor(inode.AccessTime),
        AccessNanoseconds = inode.AccessTime - Floor(inode.AccessTime) * Second,
        ModifySeconds = Floor(inode.ModifyTime),
        ModifyNanoseconds = inode.ModifyTime - Floor(inode.ModifyTime) * Second,
        ChangeSeconds = Floor(inode.ChangeTime),
        ChangeNanoseconds = inode.ChangeTime - Floor(inode.ChangeTime) * Second,
    };

    // Times before 1970 round down, so that nanoseconds are never negative.
    internal static long Floor(long time) => time >= 0 ? time / Second : (time + 1) / Second - 1;
}

/// <summary>struct statx_timestamp.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct StatusTime
{
    public long Seconds;
    public uint Nanoseconds, Padding;

    public static StatusTime Of(long time) =>
        new() { Seconds = FileStatus.Floor(time), Nanoseconds = (uint)(time - FileStatus.Floor(time) * 1_000_000_000) };
}

/// <summary>struct statx, 256 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ExtendedStatus
{
    public uint Mask, BlockSize;
    public ulong Attributes;
    public uint Links, User, Group;
    public ushort Mode, Padding;
    public ulong Inode;
    public long Size, Blocks;
    public ulong AttributesMask;
    public StatusTime Access, Birth, Change, Modify;
    public uint NodeMajor, NodeMinor, DeviceMajor, DeviceMinor;
    public ulong MountId, Reserved0, Reserved1, Reserved2, Reserved3, Reserved4, Reserved5, Reserved6, Reserved7, Reserved8, Reserved9, Reserved10, Reserved11, Reserved12;

    public static ExtendedStatus Of(in Location place, uint mask)
    {
        var inode = place.Inode;
        return new ExtendedStatus
        {
            Mask = mask,
            BlockSize = Frames.Size,
            Links = (uint)inode.LinkCount,
            User = inode.UserId,
            Group = inode.GroupId,
            Mode = (ushort)inode.Mode,
            Inode = inode.Number,
            Size = inode.Size,
            Blocks = inode.PageCount * (Frames.Size / 512),
            Access = StatusTime.Of(inode.AccessTime),
            Birth = StatusTime.Of(inode.BirthTime),
            Change = StatusTime.Of(inode.ChangeTime),
            Modify = StatusTime.Of(inode.ModifyTime),
            NodeMajor = inode.Device.Major,
            NodeMinor = inode.Device.Minor,
            DeviceMajor = inode.FileSystem.Device.Major,
            DeviceMinor = inode.FileSystem.Device.Minor,
            MountId = (ulong)place.Mount.Id,
        };
    }
}

/// <summary>struct statfs.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileSystemStatus
{
    private const long ST_VALID = 0x20;

    public long Type, BlockSize;
    public long Blocks, FreeBlocks, AvailableBlocks, Files, FreeFiles;
    public ulong Id;
    public long NameLength, FragmentSize, Flags;
    public long Reserved0, Reserved1, Reserved2, Reserved3;

    public static FileSystemStatus Of(Mount mount)
    {
        var fileSystem = mount.FileSystem;
        var status = new FileSystemStatus
        {
            Type = fileSystem.Type.Magic,
            BlockSize = Frames.Size,
            FragmentSize = Frames.Size,
            NameLength = FileConstants.NAME_MAX,
            Id = fileSystem.Device.Encoded,
            Flags = ST_VALID | mount.Flags & 0xf | mount.Flags & FileConstants.MS_NOATIME | (mount.Flags & FileConstants.MS_RELATIME) >> 9,
        };
        if (fileSystem.PageLimit == long.MaxValue)
            return status;
        status.Blocks = fileSystem.PageLimit;
        status.FreeBlocks = status.AvailableBlocks = System.Math.Min(fileSystem.PageLimit - fileSystem.PagesUsed, FrameAllocator.FreeFrames);
        status.Files = fileSystem.InodeLimit;
        status.FreeFiles = fileSystem.InodeLimit - fileSystem.InodesUsed;
        return status;
    }
}
