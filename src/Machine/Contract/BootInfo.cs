// What the boot loader handed over.
using System;

namespace Jiffy.Machine;

public static partial class BootInfo
{
    /// <summary>The kernel command line, without a terminating NUL; at most 2047 bytes.</summary>
    public static partial ReadOnlySpan<byte> CommandLine { get; }

    /// <summary>The initial ramdisk's bytes; empty when there is none. Gone after <see cref="ReleaseRamdisk"/>.</summary>
    public static partial ReadOnlySpan<byte> Ramdisk { get; }

    /// <summary>The ramdisk's frames, now the caller's to give to the frame allocator. Call once.</summary>
    public static partial FrameRange ReleaseRamdisk();

    /// <summary>All memory the machine has, in frames, for information.</summary>
    public static partial int TotalFrames { get; }

    /// <summary>Vendor, name and features of the processor for /proc/cpuinfo.</summary>
    public static partial ReadOnlySpan<byte> ProcessorVendor { get; }
    public static partial ReadOnlySpan<byte> ProcessorName { get; }
    public static partial int ProcessorFamily { get; }
    public static partial int ProcessorModel { get; }
    public static partial int ProcessorStepping { get; }

    /// <summary>Processor features as CPUID leaf 1 gives them (ECX in the upper, EDX in the lower half).</summary>
    public static partial ulong ProcessorFeatures { get; }

    /// <summary>The processors are a hypervisor's: one may stand still while others run.</summary>
    public static bool IsVirtual => ProcessorFeatures >> 63 != 0;
}
