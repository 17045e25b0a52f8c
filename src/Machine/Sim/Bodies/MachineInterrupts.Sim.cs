using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class MachineInterrupts
{
    public static partial long CountOf(MachineInterrupt kind, int cpu) =>
        kind == MachineInterrupt.Shootdown ? SimMachine.Current.FlushInterruptsOf(cpu) : 0;
}
