// Who called whom, for fault reports.
using System;

namespace Jiffy.Machine;

public static partial class Backtrace
{
    /// <summary>Return addresses from <paramref name="from"/> outwards, the innermost first; how many were found.</summary>
    public static partial int Walk(ref KernelRegisters from, Span<ulong> addresses);

    /// <summary>The caller's own stack.</summary>
    public static partial int WalkHere(Span<ulong> addresses);

    /// <summary>The kernel code that the interrupt served on this CPU came into; zero: it came into user mode. Hardirq.</summary>
    public static partial int WalkInterrupted(Span<ulong> addresses);

    /// <summary>
    /// What another CPU does in the kernel, even with interrupts off; it stands still meanwhile. Zero: it is in user mode, does not answer, or
    /// another CPU is being looked at. Any context.
    /// </summary>
    public static partial int WalkCpu(int cpu, Span<ulong> addresses);

    /// <summary>Name, file and line of a code address. False: not kernel code.</summary>
    public static partial bool TryDescribe(ulong address, out CodeLocation location);
}

public readonly ref struct CodeLocation
{
    public readonly ReadOnlySpan<byte> Method;
    public readonly ReadOnlySpan<byte> File;
    public readonly int Line;
    public readonly int Offset;

    public CodeLocation(ReadOnlySpan<byte> method, ReadOnlySpan<byte> file, int line, int offset)
    {
        Method = method;
        File = file;
        Line = line;
        Offset = offset;
    }
}
