// /proc/PID/maps and smaps: the areas of a task's memory, one line each, with smaps followed by its pages by kind.
// Process context; may sleep. Linux: fs/proc/task_mmu.c. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskMaps
{
    /// <summary>The column in which names begin.</summary>
    private const int NameColumn = 73;

    public static Errno Write(TaskHandle task, PagedText text, bool withPages)
    {
        var error = task.CheckInspect();
        if (error != Errno.None)
            return error;
        error = task.TakeMemory(out var memory);
        if (error != Errno.None || memory is null)
            return error;
        error = WriteAreas(memory, text, withPages);
        memory.Drop();
        return error;
    }

    private static Errno WriteAreas(AddressSpace memory, PagedText text, bool withPages)
    {
        if (!FrameAllocator.TryTake(out var path))
            return Errno.ENOMEM;
        var root = Task.Current.FileContext!.GetRoot();
        for (ulong from = 0; memory.TryDescribeArea(from, withPages, out var area); from = area.End)
        {
            WriteArea(area, root, Frames.Bytes(path), text);
            area.Release();
            if (withPages)
                WritePages(area, text);
        }

        root.Drop();
        FrameAllocator.Give(path);
        return Errno.None;
    }

    private static void WriteArea(in AreaDescription area, in Location root, Span<byte> path, PagedText text)
    {
        var start = text.Length;
        var protection = area.Protection;
        text.Append($"{area.Start:x8}-{area.End:x8} ");
        text.AppendByte((byte)((protection & Protection.PROT_READ) != 0 ? 'r' : '-'));
        text.AppendByte((byte)((protection & Protection.PROT_WRITE) != 0 ? 'w' : '-'));
        text.AppendByte((byte)((protection & Protection.PROT_EXEC) != 0 ? 'x' : '-'));
        text.AppendByte((byte)(area.IsShared ? 's' : 'p'));
        if (area.File is { } file)
        {
            var device = file.Inode.FileSystem.Device;
            text.Append($" {area.Offset:x8} {device.Major:x2}:{device.Minor:x2} {file.Inode.Number} ");
        }
        else
        {
            text.Append($" {area.Offset:x8} 00:{(area.SharedId != 0 || area.IsSegment ? 1 : 0):x2} {area.SharedId} ");
        }

        WriteName(area, root, path, text, start);
        text.AppendByte((byte)'\n');
    }

    private static void WriteName(in AreaDescription area, in Location root, Span<byte> path, PagedText text, int start)
    {
        if (area.File is { } file)
        {
            Pad(text, start);
            var written = PathNaming.WriteShown(file.Location, root, path);
            if (written.IsOk)
                MountTexts.WriteEscaped(path.Slice(0, written.Value), "\n"u8, text);
            return;
        }

        if (area.IsSegment)
        {
            Pad(text, start);
            text.Append($"/SYSV{area.SegmentKey:x8} (deleted)");
            return;
        }

        var name = NameOf(area);
        if (name.Length == 0)
            return;
        Pad(text, start);
        text.Append(name);
    }

    private static ReadOnlySpan<byte> NameOf(in AreaDescription area)
    {
        if (area.IsVdso)
            return "[vdso]"u8;
        if (area.IsVdsoValues)
            return "[vvar]"u8;
        return area.IsHeap ? "[heap]"u8 : area.IsStack ? "[stack]"u8 : area.SharedId != 0 ? "/dev/zero (deleted)"u8 : default;
    }

    private static void Pad(PagedText text, int start)
    {
        while (text.Length - start < NameColumn)
            text.AppendByte((byte)' ');
    }

    private static void WritePages(in AreaDescription area, PagedText text)
    {
        ref readonly var pages = ref area.Pages;
        WriteSize(text, "Size:", (long)(area.End - area.Start));
        WriteSize(text, "KernelPageSize:", Frames.Size);
        WriteSize(text, "MMUPageSize:", Frames.Size);
        WriteSize(text, "Rss:", pages.Resident << Frames.Shift);
        WriteSize(text, "Pss:", pages.ProportionalBytes);
        WriteSize(text, "Shared_Clean:", pages.SharedClean << Frames.Shift);
        WriteSize(text, "Shared_Dirty:", pages.SharedDirty << Frames.Shift);
        WriteSize(text, "Private_Clean:", pages.PrivateClean << Frames.Shift);
        WriteSize(text, "Private_Dirty:", pages.PrivateDirty << Frames.Shift);
        WriteSize(text, "Referenced:", pages.Referenced << Frames.Shift);
        WriteSize(text, "Anonymous:", pages.Own << Frames.Shift);
        WriteSize(text, "Swap:", 0);
        WriteSize(text, "SwapPss:", 0);
        WriteSize(text, "Locked:", area.IsLocked ? pages.ProportionalBytes : 0);
    }

    private static void WriteSize(PagedText text, string name, long bytes) => text.Append($"{name,-16}{bytes >> 10,8} kB\n");
}
