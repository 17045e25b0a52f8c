// Counts of the interrupts that the kernel does not see. Each CPU counts its own, in its area.
namespace Jiffy.Machine;

public static unsafe partial class MachineInterrupts
{
    public static partial long CountOf(MachineInterrupt kind, int cpu)
    {
        var area = Smp.Area(cpu);
        if (area == null)
            return 0;
        return (long)(kind == MachineInterrupt.NonMaskable ? area->NonMaskableInterrupts : area->Counts[(int)kind]);
    }

    /// <summary>Interrupts off.</summary>
    internal static void Count(MachineInterrupt kind) => CpuArea.Here->Counts[(int)kind]++;
}
