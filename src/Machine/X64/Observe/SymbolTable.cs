// The names and lines of functions, made by the build (src/Cli/Build/SymbolTable.cs describes the layout) and linked in.
// Contexts: any, also with everything else broken: reads constants only. Locks: none.
using System;
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

internal static unsafe class SymbolTable
{
    private const uint Magic = 0x4d59534a;

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Header
    {
        public readonly uint Magic, FunctionCount, FunctionsAt, FrameCount, FramesAt, FileCount, FilesAt, Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Function
    {
        public readonly uint Start, Length, NameAt, LinesAt;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Frame
    {
        public readonly uint Start, DescriptionAt;
    }

    /// <summary>Where the description of the function at or below a code address stands in .eh_frame; null: none.</summary>
    internal static byte* FindFrameDescription(ulong address)
    {
        if (!TryGetTable(out var table, out var header) || !TryGetRelative(address, out var relative))
            return null;
        var frames = MemoryMarshal.Cast<byte, Frame>(table.Slice((int)header.FramesAt, (int)header.FrameCount * sizeof(Frame)));
        int low = 0, high = frames.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (frames[middle].Start <= relative)
                low = middle + 1;
            else
                high = middle;
        }
        return low == 0 ? null : Linker.UnwindTableStart() + frames[low - 1].DescriptionAt;
    }

    /// <summary>Name, file and line of a code address. Line 0: not known.</summary>
    internal static bool TryDescribe(ulong address, out CodeLocation location)
    {
        location = default;
        if (!TryGetTable(out var table, out var header) || !TryGetRelative(address, out var relative))
            return false;
        var functions = MemoryMarshal.Cast<byte, Function>(table.Slice((int)header.FunctionsAt, (int)header.FunctionCount * sizeof(Function)));
        int low = 0, high = functions.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (functions[middle].Start <= relative)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0 || relative - functions[low - 1].Start >= functions[low - 1].Length)
            return false;

        ref readonly var function = ref functions[low - 1];
        var offset = relative - function.Start;
        ReadOnlySpan<byte> file = default;
        var line = 0;
        if (function.LinesAt != 0)
            FindLine(table, header, function.LinesAt, offset, out file, out line);
        location = new CodeLocation(Text(table, function.NameAt), file, line, (int)offset);
        return true;
    }

    private static void FindLine(
        ReadOnlySpan<byte> table, Header header, uint linesAt, uint offset, out ReadOnlySpan<byte> file, out int line)
    {
        var rest = table.Slice((int)linesAt);
        var fileNumber = (int)Number(ref rest);
        file = Text(table, MemoryMarshal.Cast<byte, uint>(table.Slice((int)header.FilesAt, (int)header.FileCount * sizeof(uint)))[fileNumber]);
        line = (int)Number(ref rest);
        var at = 0u;
        while (true)
        {
            var step = Number(ref rest);
            at += step;
            if (step == 0 || at > offset)
                return;
            var change = Number(ref rest);
            line += (int)(change >> 1) ^ -(int)(change & 1);
        }
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> table, uint at)
    {
        var rest = table.Slice((int)at);
        var length = (int)Number(ref rest);
        return rest.Slice(0, length);
    }

    private static uint Number(ref ReadOnlySpan<byte> rest)
    {
        var value = 0u;
        for (var shift = 0; ; shift += 7)
        {
            var next = rest[0];
            rest = rest.Slice(1);
            value |= (uint)(next & 0x7f) << shift;
            if ((next & 0x80) == 0)
                return value;
        }
    }

    private static bool TryGetTable(out ReadOnlySpan<byte> table, out Header header)
    {
        var linked = new ReadOnlySpan<byte>(Linker.SymbolsStart(), (int)(Linker.SymbolsEnd() - Linker.SymbolsStart()));
        table = linked;
        return MemoryMarshal.TryRead(linked, out header) && header.Magic == Magic && header.Size <= (uint)linked.Length;
    }

    private static bool TryGetRelative(ulong address, out uint relative)
    {
        relative = (uint)(address - (ulong)Linker.TextStart());
        return address >= (ulong)Linker.TextStart() && address < (ulong)Linker.TextEnd();
    }
}
