// The processor that executes this code, and its fellows. Any context unless a member says otherwise.
// What belongs to one CPU stays true only while preemption or interrupts are off.
namespace Jiffy.Machine;

public static partial class Cpu
{
    /// <summary>The most CPUs a machine may have.</summary>
    public const int Max = 64;

    /// <summary>Index of this CPU, from 0; dense over the CPUs found at start-up.</summary>
    public static partial int Id { get; }

    /// <summary>How many CPUs were found; each index below it may come on line.</summary>
    public static partial int Count { get; }

    /// <summary>The task whose stack is in use on this CPU. Valid from the first line of the kernel on.</summary>
    public static partial TaskContext Current { get; }

    /// <summary>True while maskable interrupts can arrive on this CPU.</summary>
    public static partial bool InterruptsOn { get; }

    /// <summary>Turns interrupts off on this CPU; tells whether they were on.</summary>
    public static partial bool DisableInterrupts();

    /// <summary>Puts interrupts back as <see cref="DisableInterrupts"/> found them.</summary>
    public static partial void RestoreInterrupts(bool wereOn);

    /// <summary>Turns interrupts on.</summary>
    public static partial void EnableInterrupts();

    /// <summary>Tells the processor that the caller spins.</summary>
    public static partial void Relax();

    /// <summary>
    /// Another CPU's step may be seen here. Nothing on hardware; on the simulated machine the explorer
    /// may let another CPU go on, or deliver an interrupt. Put one wherever an ordering argument starts or ends.
    /// </summary>
    public static partial void Interleave();

    /// <summary>
    /// Halts until an interrupt arrives. Called with interrupts off; turns them on and halts in one step, so
    /// that no interrupt falls in between. Returns with interrupts on, after the interrupt was handled.
    /// </summary>
    public static partial void WaitForInterrupt();

    /// <summary>Starts all other CPUs; each enters <see cref="KernelEntry.BootSecondary"/>. Process context, once.</summary>
    public static partial void StartOthers();

    /// <summary>Raises <see cref="KernelEntry.RescheduleInterrupt"/> on another CPU.</summary>
    public static partial void SendReschedule(int cpu);

    /// <summary>Raises <see cref="KernelEntry.CallInterrupt"/> on another CPU.</summary>
    public static partial void SendCall(int cpu);

    /// <summary>Stops every other CPU for good (they halt with interrupts off). For panics and power-off.</summary>
    public static partial void StopOthers();
}
