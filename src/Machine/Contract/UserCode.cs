// Code that the machine lends to user programs, so that they read clocks and the CPU's number without a system call, and the page of
// values it works from. The kernel maps both, and writes the page under its sequence counter. Linux: the vDSO. man 7 vdso.
using System;

namespace Jiffy.Machine;

public static partial class UserCode
{
    /// <summary>An ELF shared object of whole pages, to be mapped read-only and executable with the page of values right below it; empty: none.</summary>
    public static partial ReadOnlySpan<byte> Image { get; }

    /// <summary>
    /// Writes into the page what the code needs to know of the machine: how <see cref="Clock.Now"/> follows from the cycle counter, if it
    /// does, and how a CPU knows its number. All other words are the kernel's, who calls this at start-up and when the clock's source changed.
    /// </summary>
    public static partial void Prepare(Span<long> page);
}

/// <summary>The page of values: indices of 64-bit words. The code that reads it: Machine/X64/Vdso/vdso.asm.</summary>
public static class UserCodePage
{
    /// <summary>Sequence counter, 32 bits: odd while the kernel changes the words below.</summary>
    public const int Sequence = 0;

    /// <summary>Not zero: Now = (cycles - <see cref="StartCycles"/>) * <see cref="Multiplier"/> / 2^32. Zero: programs must ask the kernel.</summary>
    public const int UsesCycles = 1;
    public const int StartCycles = 2, Multiplier = 3;

    /// <summary>Coarse clocks are multiples of this; nanoseconds.</summary>
    public const int CoarseGrain = 4;

    /// <summary>The machine's own: how user mode asks for the CPU's number.</summary>
    public const int CpuNumberWay = 5;

    /// <summary>For each clock by its ABI number: nanoseconds to add to the monotonic clock; MONOTONIC_RAW is Now itself.</summary>
    public const int Offsets = 8;

    /// <summary>How many clocks have an offset: numbers 0 to 11.</summary>
    public const int Clocks = 12;

    /// <summary>The monotonic clock is <see cref="MonotonicBase"/> + t + t * <see cref="Adjustment"/> / 2^32 with t = Now - <see cref="MachineBase"/>.</summary>
    public const int MachineBase = 20, MonotonicBase = 21, Adjustment = 22;
}
