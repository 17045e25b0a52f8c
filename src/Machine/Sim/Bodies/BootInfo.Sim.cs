using System;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class BootInfo
{
    public static partial ReadOnlySpan<byte> CommandLine => SimMachine.Current.CommandLine;

    public static partial ReadOnlySpan<byte> Ramdisk => SimMachine.Current.Ramdisk;

    public static partial FrameRange ReleaseRamdisk()
    {
        var machine = SimMachine.Current;
        return new FrameRange(new FrameNumber((uint)machine.RamdiskFirst), machine.RamdiskFrames);
    }

    public static partial int TotalFrames => SimMachine.Current.FrameLimit;

    public static partial ReadOnlySpan<byte> ProcessorVendor => "JiffySim"u8;
    public static partial ReadOnlySpan<byte> ProcessorName => "Jiffy simulated processor"u8;
    public static partial int ProcessorFamily => 6;
    public static partial int ProcessorModel => 0;
    public static partial int ProcessorStepping => 0;
    public static partial ulong ProcessorFeatures => 0;
}
