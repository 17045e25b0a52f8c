// Stacks are the host's: an address stands for one of the frames captured last, so that the kernel's own reports read as on hardware.
using System;
using System.Diagnostics;
using System.IO;
using System.Text;

namespace Jiffy.Machine;

public static partial class Backtrace
{
    private const ulong FirstAddress = 0xffff_ffff_8000_0000;
    private const int Kept = 4096;

    private static readonly StackFrame?[] s_frames = new StackFrame?[Kept];
    private static int s_next;

    public static partial int Walk(ref KernelRegisters from, Span<ulong> addresses) => WalkHere(addresses);

    public static partial int WalkHere(Span<ulong> addresses)
    {
        var count = 0;
        foreach (var frame in new StackTrace(1, fNeedFileInfo: true).GetFrames())
        {
            if (count == addresses.Length || frame.GetMethod()?.DeclaringType?.Namespace == "Jiffy.Machine.Sim")
                break;
            lock (s_frames)
            {
                s_frames[s_next] = frame;
                addresses[count++] = FirstAddress + (ulong)s_next;
                s_next = (s_next + 1) % Kept;
            }
        }
        return count;
    }

    // Simulated CPUs do not get stuck: the explorer fails such a schedule and shows all stacks itself.
    public static partial int WalkInterrupted(Span<ulong> addresses) => 0;

    public static partial int WalkCpu(int cpu, Span<ulong> addresses) => 0;

    public static partial bool TryDescribe(ulong address, out CodeLocation location)
    {
        location = default;
        var index = address - FirstAddress;
        if (index >= Kept || s_frames[index] is not { } frame)
            return false;
        var method = frame.GetMethod();
        var name = Encoding.UTF8.GetBytes($"{method?.DeclaringType?.Name}.{method?.Name}");
        var file = Encoding.UTF8.GetBytes(Path.GetFileName(frame.GetFileName()) ?? "");
        location = new CodeLocation(name, file, frame.GetFileLineNumber(), frame.GetNativeOffset());
        return true;
    }
}
