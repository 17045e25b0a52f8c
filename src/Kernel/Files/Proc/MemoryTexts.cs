// /proc/meminfo, vmstat, buddyinfo, slabinfo and vmallocinfo: where memory is. Counts are snapshots, each by itself.
// Process context. Lock: TaskTree.Lock, taken here to add up over processes. Linux: fs/proc/meminfo.c, mm/vmstat.c, mm/slab_common.c, mm/vmalloc.c.
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class MemoryTexts
{
    /// <summary>Pages and faults of all processes together.</summary>
    private struct ProcessSums
    {
        public long AnonymousPages, FilePages, LockedPages, MappedPages;
    }

    public static void WriteInformation(PagedText text)
    {
        var free = FrameAllocator.FreeFrames;
        var total = FrameAllocator.TotalFrames;
        var cached = FileSystem.AllPages;
        var shared = cached + SharedPages.TotalPages;
        var sums = AddUpProcesses();
        WritePages(text, "MemTotal:", total);
        WritePages(text, "MemFree:", free);
        WritePages(text, "MemAvailable:", free > FrameAllocator.ReserveFrames ? free - FrameAllocator.ReserveFrames : 0);
        WritePages(text, "Buffers:", 0);
        WritePages(text, "Cached:", shared);
        WritePages(text, "SwapCached:", 0);
        WritePages(text, "Active:", sums.AnonymousPages + shared);
        WritePages(text, "Inactive:", 0);
        WritePages(text, "Unevictable:", shared);
        WritePages(text, "Mlocked:", sums.LockedPages);
        WritePages(text, "SwapTotal:", 0);
        WritePages(text, "SwapFree:", 0);
        WritePages(text, "Dirty:", 0);
        WritePages(text, "Writeback:", 0);
        WritePages(text, "AnonPages:", sums.AnonymousPages);
        WritePages(text, "Mapped:", sums.FilePages);
        WritePages(text, "Shmem:", shared);
        WriteKernel(text);
        WritePages(text, "CommitLimit:", total);
        WritePages(text, "Committed_AS:", sums.MappedPages);
        WritePages(text, "VmallocTotal:", KernelArea.RangePages);
        WritePages(text, "VmallocUsed:", KernelAreas.UsedPages);
        WritePages(text, "VmallocChunk:", 0);
    }

    public static void WriteStatistics(PagedText text)
    {
        var sums = AddUpProcesses();
        text.Append($"nr_free_pages {FrameAllocator.FreeFrames}\nnr_anon_pages {sums.AnonymousPages}\nnr_mapped {sums.FilePages}\n");
        text.Append($"nr_file_pages {FileSystem.AllPages}\nnr_shmem {FileSystem.AllPages + SharedPages.TotalPages}\nnr_mlock {sums.LockedPages}\n");
        text.Append($"nr_kernel_stack {TaskContext.FramesOfStacks << Frames.Shift - 10}\nnr_slab_unreclaimable {ObjectHeap.Used >> Frames.Shift}\n");
        text.Append("pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n"u8);
        text.Append($"pgfault {MemoryFault.Total}\npgmajfault 0\noom_kill {OutOfMemory.Ended}\n");
    }

    public static void WriteBuddies(PagedText text)
    {
        text.Append("Node 0, zone   Normal "u8);
        for (var order = 0; order <= FrameAllocator.MaxOrder; order++)
            text.Append($"{FrameAllocator.FreeBlocks(order),6} ");
        text.AppendByte((byte)'\n');
    }

    /// <summary>The pools, in the form of Linux's slab caches: one object to a slab.</summary>
    public static void WritePools(PagedText text)
    {
        text.Append("slabinfo - version: 2.1\n"u8);
        text.Append("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"u8);
        text.Append(" : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n"u8);
        for (var pool = PoolRegistry.First; pool is not null; pool = pool.Next)
        {
            text.Append($"{pool.Name,-17} {pool.Used,6} {pool.Made,6} {pool.ObjectBytes,6} {1,4} {1,4}");
            text.Append($" : tunables {pool.Limit,4} {0,4} {0,4} : slabdata {pool.Made,6} {pool.Made,6} {0,6}\n");
        }
    }

    /// <summary>The virtually contiguous areas, in order of place. As on Linux the guard page belongs to the size.</summary>
    public static void WriteAreas(PagedText text)
    {
        for (var page = 0; KernelAreas.TryFind(page, out var area, out var name); page = area.FirstPage + area.PageCount)
        {
            var start = KernelArea.RangeStart + ((ulong)area.FirstPage << Frames.Shift);
            var bytes = (ulong)(area.PageCount + 1) << Frames.Shift;
            text.Append($"0x{start:x16}-0x{start + bytes:x16} {bytes,7} {name} pages={area.PageCount} vmalloc\n");
        }
    }

    private static void WriteKernel(PagedText text)
    {
        WritePages(text, "KReclaimable:", 0);
        WritePages(text, "Slab:", ObjectHeap.Used >> Frames.Shift);
        WritePages(text, "SReclaimable:", 0);
        WritePages(text, "SUnreclaim:", ObjectHeap.Used >> Frames.Shift);
        WritePages(text, "KernelStack:", TaskContext.FramesOfStacks);
    }

    private static void WritePages(PagedText text, string name, long pages) =>
        text.Append($"{name,-16}{pages << Frames.Shift - 10,8} kB\n");

    // Processes that share memory (vfork, CLONE_VM) count it each.
    private static ProcessSums AddUpProcesses()
    {
        var sums = default(ProcessSums);
        using (TaskTree.Lock.Acquire())
        {
            for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
            {
                if (process.Leader.Memory is not { } memory)
                    continue;
                sums.AnonymousPages += memory.AnonymousPages;
                sums.FilePages += memory.FilePages;
                sums.LockedPages += memory.LockedPages;
                sums.MappedPages += memory.DataPages + memory.StackPages;
            }
        }

        return sums;
    }
}
