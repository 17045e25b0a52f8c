// /proc/PID/mounts and mountinfo: what is mounted where, as the process sees it from its root. Process context; may sleep.
// Linux: fs/proc_namespace.c. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

internal static class MountTexts
{
    private static ReadOnlySpan<byte> Special => " \t\n\\#"u8;

    public static Errno WriteMounts(TaskHandle task, PagedText text) => Write(task, text, withInformation: false);

    public static Errno WriteInformation(TaskHandle task, PagedText text) => Write(task, text, withInformation: true);

    /// <summary>Appends bytes, those in <paramref name="special"/> as a backslash and three octal digits.</summary>
    internal static void WriteEscaped(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> special, PagedText text)
    {
        foreach (var value in bytes)
        {
            if (special.Contains(value))
                text.Append($"\\{value:o3}");
            else
                text.AppendByte(value);
        }
    }

    private static Errno Write(TaskHandle task, PagedText text, bool withInformation)
    {
        if (task.TakeContext() is not { } context)
            return task.IsAlive ? Errno.EINVAL : Errno.ESRCH;
        var root = context.GetRoot();
        context.Drop();
        var error = WriteAll(root, text, withInformation);
        root.Drop();
        return error;
    }

    private static Errno WriteAll(in Location root, PagedText text, bool withInformation)
    {
        if (!FrameAllocator.TryTake(out var path))
            return Errno.ENOMEM;
        var id = 0;
        while (MountTable.NextAfter(id) is { } mount)
        {
            id = mount.Id;
            var written = PathNaming.Write(new Location(mount, mount.Root), root, Frames.Bytes(path));
            if (written.IsOk && Frames.Bytes(path)[0] == '/')
            {
                var point = Frames.Bytes(path).Slice(0, written.Value);
                if (withInformation)
                    WriteInformation(mount, point, text);
                else
                    WriteMount(mount, point, text);
            }

            mount.Drop();
        }

        FrameAllocator.Give(path);
        return Errno.None;
    }

    private static void WriteMount(Mount mount, ReadOnlySpan<byte> point, PagedText text)
    {
        WriteSource(mount, text);
        text.AppendByte((byte)' ');
        WriteEscaped(point, Special, text);
        text.Append($" {mount.FileSystem.Type.Name} ");
        WriteOptions(mount, text);
        text.Append(" 0 0\n"u8);
    }

    private static void WriteInformation(Mount mount, ReadOnlySpan<byte> point, PagedText text)
    {
        var device = mount.FileSystem.Device;
        text.Append($"{mount.Id} {mount.Parent?.Id ?? 0} {device.Major}:{device.Minor} ");
        WriteRoot(mount, text);
        text.AppendByte((byte)' ');
        WriteEscaped(point, Special, text);
        text.AppendByte((byte)' ');
        WriteOptions(mount, text);
        text.Append($" - {mount.FileSystem.Type.Name} ");
        WriteSource(mount, text);
        text.Append(mount.IsReadOnly ? " ro\n"u8 : " rw\n"u8);
    }

    // The directory of the file system that is mounted: for bind mounts by its own name, as its path within is not kept.
    private static void WriteRoot(Mount mount, PagedText text)
    {
        text.AppendByte((byte)'/');
        if (mount.Root == mount.FileSystem.Root)
            return;
        Span<byte> name = stackalloc byte[NAME_MAX];
        WriteEscaped(name.Slice(0, DirectoryTree.CopyName(mount.Root, name)), Special, text);
    }

    private static void WriteSource(Mount mount, PagedText text)
    {
        if (mount.Source.Length == 0)
            text.Append("none"u8);
        else
            WriteEscaped(mount.Source, Special, text);
    }

    private static void WriteOptions(Mount mount, PagedText text)
    {
        var flags = mount.Flags;
        text.Append((flags & MS_RDONLY) != 0 ? "ro"u8 : "rw"u8);
        if ((flags & MS_NOSUID) != 0)
            text.Append(",nosuid"u8);
        if ((flags & MS_NODEV) != 0)
            text.Append(",nodev"u8);
        if ((flags & MS_NOEXEC) != 0)
            text.Append(",noexec"u8);
        if ((flags & MS_SYNCHRONOUS) != 0)
            text.Append(",sync"u8);
        if ((flags & MS_NOATIME) != 0)
            text.Append(",noatime"u8);
        if ((flags & MS_NODIRATIME) != 0)
            text.Append(",nodiratime"u8);
        if ((flags & MS_RELATIME) != 0)
            text.Append(",relatime"u8);
    }
}
