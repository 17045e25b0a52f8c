// What the log tells of the machine at start: memory, clock, processors. Context: start-up.
using System.Numerics;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

internal static class BootLog
{
    private const int KibibytesPerFrame = Frames.Size / 1024;

    /// <summary>The log may take one part in so many of the free memory.</summary>
    private const int LargestPart = 4;

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

    /// <summary>
    /// <c>log_buf_len=SIZE</c>: the kernel log's ring is made that large, rounded up to a power of two. What it holds so far is kept.
    /// </summary>
    public static void Enlarge()
    {
        if (!CommandLine.TryGetSize("log_buf_len"u8, out var wanted) || wanted <= KernelLog.Bytes)
            return;
        var bytes = (long)BitOperations.RoundUpToPowerOf2((ulong)wanted);
        var pages = bytes >> Frames.Shift;
        var fits = pages <= KernelAreas.MaxPages && pages <= FrameAllocator.FreeFrames / LargestPart;
        if (!fits || !KernelAreas.TryCreate((int)pages, "log_buf", out var area))
        {
            KernelLog.Write(LogLevel.Error, $"log_buf_len: {wanted} bytes are too much, {KernelLog.Bytes} stay");
            return;
        }

        KernelLog.Enlarge(area);
        KernelLog.Write(LogLevel.Info, $"log_buf_len: {bytes} bytes, {KernelLog.Capacity} records");
    }

    public static void TellClock()
    {
        var kilohertz = Clock.CyclesPerSecond / 1000;
        KernelLog.Write(LogLevel.Info, $"clock: {Clock.Source}, {kilohertz / 1000}.{kilohertz % 1000:d3} MHz");
        KernelLog.Write(LogLevel.Info, $"timer: {Clock.AlarmSource}");
        KernelLog.Write(LogLevel.Info, $"interrupts: {InterruptLines.Controller}");
    }

    /// <summary>Once every CPU has had time to begin.</summary>
    public static void TellProcessors() => KernelLog.Write(LogLevel.Info, $"smp: {Scheduler.Online.Count} of {Cpu.Count} CPUs are up");
}
