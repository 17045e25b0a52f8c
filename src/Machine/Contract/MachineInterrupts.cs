// Interrupts that the machine serves by itself, without the kernel, counted by CPU since it started. Any context; a snapshot.
namespace Jiffy.Machine;

public enum MachineInterrupt
{
    /// <summary>The timer rang on the way to an alarm that is farther away than it can count.</summary>
    AlarmStep,

    /// <summary>Another CPU wanted translations forgotten.</summary>
    Shootdown,

    NonMaskable,

    /// <summary>Withdrawn before it could be told which.</summary>
    Spurious,

    /// <summary>One that nobody expects.</summary>
    Unexpected,
}

public static partial class MachineInterrupts
{
    public static partial long CountOf(MachineInterrupt kind, int cpu);
}
