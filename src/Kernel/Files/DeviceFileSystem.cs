// devtmpfs: one tree, however often it is mounted, with a node for each device there is. Linux: drivers/base/devtmpfs.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public sealed class DeviceFileSystem : FileSystemType
{
    private static readonly DeviceFileSystem s_type = new();
    private static FileSystem s_instance = null!;

    public override string Name => "devtmpfs";
    public override uint Magic => 0x01021994;

    public static void Init()
    {
        var made = MemoryFileSystem.Create(s_type, "mode=755"u8, limited: true);
        Invariant.That(made.IsOk, "memory for the device file system");
        s_instance = made.Value;
        FileSystemTypes.Register(s_type);
        AddNode("null"u8, 0x1b6, 1, 3);
        AddNode("zero"u8, 0x1b6, 1, 5);
        AddNode("full"u8, 0x1b6, 1, 7);
        AddNode("random"u8, 0x1b6, 1, 8);
        AddNode("urandom"u8, 0x1b6, 1, 9);
        AddNode("kmsg"u8, 0x1a4, 1, 11);
        AddNode("tty"u8, 0x1b6, 5, 0);
        AddNode("console"u8, 0x180, 5, 1);
        AddNode("ttyS0"u8, 0x190, 4, 64);
        AddLink("fd"u8, "/proc/self/fd"u8);
        AddLink("stdin"u8, "/proc/self/fd/0"u8);
        AddLink("stdout"u8, "/proc/self/fd/1"u8);
        AddLink("stderr"u8, "/proc/self/fd/2"u8);
    }

    /// <summary>Adds a character device's node; at start-up.</summary>
    public static void AddNode(ReadOnlySpan<byte> name, uint permissions, uint major, uint minor) =>
        Add(name, S_IFCHR | permissions, new DeviceNumber(major, minor), default);

    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options)
    {
        s_instance.AddUser();
        return s_instance;
    }

    private static void AddLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target) => Add(name, S_IFLNK | 0x1ff, default, target);

    private static void Add(ReadOnlySpan<byte> name, uint mode, DeviceNumber device, ReadOnlySpan<byte> target)
    {
        var made = NameMaking.MakeLocked(s_instance.Root, name, mode, device, target);
        Invariant.That(made.IsOk, "memory for a device node");
        made.Value.Drop();
    }
}
