// The interrupt vectors that are not exceptions, and the descriptor table of all. The upper four bits are the priority.
namespace Jiffy.Machine;

internal static class Vectors
{
    internal const uint DivideError = 0, Debug = 1, Nmi = 2, Breakpoint = 3, Overflow = 4, BoundRange = 5, InvalidOpcode = 6,
        DoubleFault = 8, StackSegment = 12, GeneralProtection = 13, PageFault = 14, FloatingPoint = 16, AlignmentCheck = 17,
        MachineCheck = 18, SimdFloatingPoint = 19;

    internal const uint FirstInterrupt = 32;
    internal const byte Serial = 0x34, Timer = 0xe0, Reschedule = 0xe1, Call = 0xe2, Broadcast = 0xe3, Shootdown = 0xf0, Spurious = 0xff;
}

internal static unsafe class InterruptTable
{
    private const ulong InterruptGate = 0x8e, UserInterruptGate = 0xee;

    private static ulong* s_table;

    internal static ulong* Table => s_table;

    /// <summary>Start-up: fills a zeroed frame. All CPUs use the same.</summary>
    internal static void Build(void* frame)
    {
        s_table = (ulong*)frame;
        var entries = Instructions.VectorTable();
        for (uint vector = 0; vector < 256; vector++)
        {
            var address = entries[vector];
            var type = vector is Vectors.Breakpoint or Vectors.Overflow ? UserInterruptGate : InterruptGate;
            s_table[vector * 2] = address & 0xffff | (ulong)CpuArea.KernelCode << 16 | StackOf(vector) << 32 | type << 40 | (address >> 16 & 0xffff) << 48;
            s_table[vector * 2 + 1] = address >> 32;
        }
    }

    private static ulong StackOf(uint vector) => vector switch
    {
        Vectors.DoubleFault => CpuArea.DoubleFaultStack,
        Vectors.Nmi => CpuArea.NmiStack,
        Vectors.MachineCheck => CpuArea.MachineCheckStack,
        _ => 0,
    };
}
