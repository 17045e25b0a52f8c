// What the log tells of the machine at start: memory, clock, processors. Context: start-up.
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

internal static class BootLog
{
    private const int KibibytesPerFrame = Frames.Size / 1024;

    /// <summary>The ranges the kernel may use, and what is left of the whole.</summary>
    public static void TellMemory()
    {
        for (var i = 0; i < Frames.FreeRangeCount; i++)
        {
            var range = Frames.FreeRange(i);
            var first = range.First.PhysicalAddress;
            KernelLog.Write(LogLevel.Info, $"free memory: [{first:x12}-{first + (ulong)range.Count * Frames.Size - 1:x12}]");
        }

        KernelLog.Write(LogLevel.Info, $"Memory: {FrameAllocator.FreeFrames * KibibytesPerFrame}K of {(long)BootInfo.TotalFrames * KibibytesPerFrame}K available, ramdisk {BootInfo.Ramdisk.Length / 1024}K");
    }

    public static void TellClock()
    {
        var kilohertz = Clock.CyclesPerSecond / 1000;
        KernelLog.Write(LogLevel.Info, $"clock: {Clock.Source}, {kilohertz / 1000}.{kilohertz % 1000:d3} MHz");
        KernelLog.Write(LogLevel.Info, $"timer: {Clock.AlarmSource}");
    }

    /// <summary>Once every CPU has had time to begin.</summary>
    public static void TellProcessors() => KernelLog.Write(LogLevel.Info, $"smp: {Scheduler.Online.Count} of {Cpu.Count} CPUs are up");
}
