// Kernel areas: bytes on the host's heap for each filled place. What would be an access to no page, two areas in one place or an area without
// a free page behind it ends the run. An emptied area's bytes are overwritten, so that a span kept too long shows.
using System;
using System.Collections.Generic;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    internal const ulong AreasStart = 0xffff_cb00_0000_0000;
    internal const int AreasPages = 1 << 16;

    private const byte Emptied = 0xdb;

    private readonly Dictionary<int, FilledArea> _areas = new();

    private sealed record FilledArea(KernelArea Area, byte[] Bytes, FrameNumber[] Frames);

    internal bool TryFillArea(KernelArea area)
    {
        CheckPlace(area);
        var frames = new FrameNumber[area.PageCount];
        for (var i = 0; i < frames.Length; i++)
        {
            if (KernelEntry.Instance.TryTakeFrame(out frames[i]))
                continue;
            GiveFrames(frames.AsSpan(0, i));
            return false;
        }
        CheckPlace(area);
        _areas.Add(area.FirstPage, new FilledArea(area, new byte[area.PageCount * Frames.Size], frames));
        return true;
    }

    internal void EmptyArea(KernelArea area)
    {
        var filled = Find(area);
        _areas.Remove(area.FirstPage);
        filled.Bytes.AsSpan().Fill(Emptied);
        var start = AreasStart + ((ulong)area.FirstPage << Frames.Shift);
        Flush(FrameNumber.None, CpuSet.FirstN(_cpus.Length), start, start + (ulong)filled.Bytes.Length);
        GiveFrames(filled.Frames);
    }

    internal Span<byte> AreaBytes(KernelArea area) => Find(area).Bytes;

    private FilledArea Find(KernelArea area)
    {
        if (!_areas.TryGetValue(area.FirstPage, out var filled) || filled.Area.PageCount != area.PageCount)
            Fail($"bad address: kernel area at page {area.FirstPage} of {area.PageCount} pages, which is not filled");
        return filled!;
    }

    private void CheckPlace(KernelArea area)
    {
        if (area.FirstPage < 0 || area.PageCount <= 0 || area.FirstPage + (long)area.PageCount >= AreasPages)
            Fail($"kernel area at page {area.FirstPage} of {area.PageCount} pages is out of range");
        foreach (var other in _areas.Values)
        {
            if (area.FirstPage <= other.Area.FirstPage + other.Area.PageCount && other.Area.FirstPage <= area.FirstPage + area.PageCount)
                Fail($"kernel area at page {area.FirstPage} of {area.PageCount} pages touches the one at page {other.Area.FirstPage}");
        }
    }

    private static void GiveFrames(ReadOnlySpan<FrameNumber> frames)
    {
        foreach (var frame in frames)
            KernelEntry.Instance.GiveFrame(frame);
    }
}
