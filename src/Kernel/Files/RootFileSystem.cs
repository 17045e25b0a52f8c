// The file system the first process starts in: a ramfs that the initial ramdisk is unpacked into. Linux: rootfs, init/initramfs.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;

namespace Jiffy.Kernel.Files;

public static class RootFileSystem
{
    private static Mount s_mount = null!;

    /// <summary>The top directory, with what is mounted over it left out; not counted for the caller.</summary>
    public static Location Top() => new(s_mount, s_mount.Root);

    /// <summary>Makes the empty root. At start-up.</summary>
    public static void Init()
    {
        var made = RamFileSystem.Instance.Mount("mode=755"u8);
        Invariant.That(made.IsOk, "memory for the root file system");
        var mount = Mount.Create(made.Value, made.Value.Root, 0, "rootfs"u8);
        Invariant.That(mount.IsOk, "memory for the root mount");
        s_mount = mount.Value;
        MountTable.Attach(s_mount, default);
    }

    /// <summary>
    /// Unpacks the initial ramdisk into the root, which then has a console node if nothing else. Process context.
    /// The caller gives the ramdisk's frames back.
    /// </summary>
    /// <returns>EINVAL when the archive is damaged, ENOMEM; what came before is there.</returns>
    public static Errno Unpack(ReadOnlySpan<byte> ramdisk)
    {
        var archive = new CpioArchive(ramdisk, s_mount.Root);
        var isGood = archive.UnpackAll();
        if (isGood)
            KernelLog.Write(LogLevel.Info, $"initial ramdisk: {archive.FileCount} files unpacked");
        else
            KernelLog.Write(LogLevel.Error, $"initial ramdisk: {archive.Problem} at byte {archive.Position}");
        return isGood ? MakeConsole() : Errno.EINVAL;
    }

    // Without /dev/console the first process would have no descriptors.
    private static Errno MakeConsole()
    {
        using (s_mount.FileSystem.Tree.Acquire())
        {
            var devices = DirectoryTree.LookupLocked(s_mount.Root, "dev"u8);
            if (!devices.IsOk)
                devices = NameMaking.MakeLocked(s_mount.Root, "dev"u8, FileConstants.S_IFDIR | 0x1ed, default, default);
            if (!devices.TryGet(out var directory))
                return devices.Error;
            var console = DirectoryTree.LookupLocked(directory, "console"u8);
            if (!console.IsOk)
                console = NameMaking.MakeLocked(directory, "console"u8, FileConstants.S_IFCHR | 0x180, new DeviceNumber(5, 1), default);
            directory.Drop();
            if (console.IsOk)
                console.Value.Drop();
            return console.Error;
        }
    }
}
