// From user addresses to bytes, as the processor does it: the CPU's translation cache first, then a walk that sets the
// accessed and dirty bits, then the kernel's page fault handler.
// Missing flushes are found when it matters: a stack that goes back to user mode after taking rights or frames away
// from pages of its table must have flushed them wherever they were cached.
using System;
using System.Collections.Generic;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    private readonly List<(FrameNumber Root, ulong Page, TaskContext By)> _unflushed = new();

    /// <summary>The calling thread's CPU; CPU 0 on a thread that belongs to no machine.</summary>
    internal static SimCpu ThisCpu => Fiber.Current?.Cpu ?? Current._cpus[0];

    /// <summary>Finds the byte behind a user address without asking the kernel.</summary>
    internal bool TryTranslate(ulong address, FaultAccess access, out FrameNumber frame, out bool wasPresent)
    {
        var cpu = ThisCpu;
        var page = address & ~0xfffUL;
        frame = default;
        wasPresent = false;
        if (cpu.Translations.TryGet(page, out var cached) && Allows(cached, access)
            && (access != FaultAccess.Write || (cached.Flags & PageFlags.Dirty) != 0))
        {
            frame = cached.Frame;
            return true;
        }
        if (cpu.Table.Root.IsNone)
            return false;
        var entry = cpu.Table.ReadQuietly(page);
        wasPresent = entry.IsPresent;
        cpu.Translations.Drop(page);
        if (!wasPresent || !Allows(entry, access))
            return false;
        var flags = entry.Flags | PageFlags.Accessed | (access == FaultAccess.Write ? PageFlags.Dirty : 0);
        entry = new PageEntry(entry.Frame, flags);
        cpu.Table.SetBits(page, flags);
        cpu.Translations.Put(page, entry);
        frame = entry.Frame;
        return true;
    }

    /// <summary>The same, with the kernel's help. May sleep. False: the access is not allowed.</summary>
    internal bool TryReach(ulong address, FaultAccess access, out FrameNumber frame)
    {
        frame = default;
        if (address >= UserMemory.Limit)
            return false;
        bool wasPresent;
        while (!TryTranslate(address, access, out frame, out wasPresent))
        {
            if (!KernelEntry.Instance.PageFault(address, access, wasPresent, fromUser: false))
                return false;
        }
        return true;
    }

    internal void NoteWeakened(FrameNumber root, ulong page, PageEntry before, PageEntry after)
    {
        var weaker = before.IsPresent && (!after.IsPresent || before.Frame != after.Frame
            || before.IsWritable && !after.IsWritable || Allows(before, FaultAccess.Execute) && !Allows(after, FaultAccess.Execute));
        if (weaker && Options.CheckFlushes && Fiber.Current is { IsUnwinding: false } fiber)
            _unflushed.Add((root, page, fiber.Context));
    }

    internal void NoteFlushed(FrameNumber root, ulong start, ulong end)
    {
        if (_unflushed.Count > 0)
            _unflushed.RemoveAll(item => item.Root == root && item.Page >= start && item.Page < end);
    }

    internal void ForgetTable(FrameNumber root)
    {
        if (_unflushed.Count > 0)
            _unflushed.RemoveAll(item => item.Root == root);
    }

    /// <summary>At the door to user mode: what this context weakened must be cached nowhere any more.</summary>
    private void CheckFlushed(TaskContext context)
    {
        if (_unflushed.Count == 0)
            return;
        foreach (var (root, page, by) in _unflushed)
        {
            if (by != context)
                continue;
            foreach (var cpu in _cpus)
            {
                if (cpu.Table.Root == root && cpu.Translations.TryGet(page, out var stale) && IsStale(cpu, page, stale))
                    Fail($"missing flush: CPU {cpu.Id} still translates page {page:x} as before {NameOf(by)} changed it");
            }
        }
        _unflushed.RemoveAll(item => item.By == context);
    }

    private static bool IsStale(SimCpu cpu, ulong page, PageEntry cached)
    {
        var entry = cpu.Table.ReadQuietly(page);
        return !entry.IsPresent || entry.Frame != cached.Frame || cached.IsWritable && !entry.IsWritable;
    }

    private static bool Allows(PageEntry entry, FaultAccess access) => access switch
    {
        FaultAccess.Write => entry.IsWritable,
        FaultAccess.Execute => (entry.Flags & PageFlags.Executable) != 0,
        _ => true,
    };

    internal void Activate(PageTable table)
    {
        var cpu = ThisCpu;
        cpu.Table = table;
        cpu.Translations.Clear();
    }

    /// <summary>Forgets translations here and on <paramref name="cpus"/>; waits for the others' answers.</summary>
    internal void Flush(FrameNumber root, CpuSet cpus, ulong start, ulong end)
    {
        var fiber = Fiber.Current;
        var self = ThisCpu;
        self.Translations.Drop(start, end);
        if (fiber is { IsUnwinding: false })
        {
            cpus.Remove(self.Id);
            if (!cpus.IsEmpty)
                FlushOthers(fiber, cpus, root, start, end);
        }
        NoteFlushed(root, start, end);
    }

    private void FlushOthers(Fiber fiber, CpuSet cpus, FrameNumber root, ulong start, ulong end)
    {
        if (!fiber.Cpu.InterruptsOn)
            Fail("flush of other CPUs' translations with interrupts off");
        var request = new FlushRequest { Root = root, Start = start, End = end };
        foreach (var cpu in _cpus)
        {
            if (!cpus.Contains(cpu.Id) || !cpu.IsStarted || cpu.IsStopped)
                continue;
            request.Waiting++;
            cpu.Flushes.Add(request);
            cpu.Pending |= PendingInterrupts.Flush;
        }
        Step(fiber, PointKind.Flush, request.Waiting);
        while (request.Waiting > 0)
            Spin();
    }

    private static void AnswerFlushes(SimCpu cpu)
    {
        foreach (var request in cpu.Flushes)
        {
            cpu.Translations.Drop(request.Start, request.End);
            request.Waiting--;
        }
        cpu.Flushes.Clear();
    }
}
