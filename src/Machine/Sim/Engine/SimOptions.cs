// What a simulated machine is made of and how it misbehaves.
using System;

namespace Jiffy.Machine.Sim;

/// <summary>A machine's description. Immutable once the machine is made.</summary>
public sealed class SimOptions
{
    public int Cpus { get; init; } = 1;
    public int MemoryBytes { get; init; } = 4 << 20;
    public string CommandLine { get; init; } = "";
    public byte[] Ramdisk { get; init; } = Array.Empty<byte>();

    /// <summary>Seconds since 1970 at start.</summary>
    public long RealTimeAtStart { get; init; } = 1_700_000_000;

    /// <summary>Virtual nanoseconds that pass with each observable step.</summary>
    public int StepNanoseconds { get; init; } = 20;

    /// <summary>Lets the schedule bring the next event forward while CPUs have work, so that time-outs come at any step.</summary>
    public bool TimeLeaps { get; init; } = true;

    /// <summary>Steps after which a run counts as a livelock.</summary>
    public long MaxSteps { get; init; } = 50_000_000;

    /// <summary>Fail when a task goes back to user mode with changed mappings that some CPU still has cached.</summary>
    public bool CheckFlushes { get; init; } = true;

    /// <summary>Virtual nanoseconds of a user program's step, which stands for many instructions.</summary>
    public int UserStepNanoseconds { get; init; } = 1000;

    /// <summary>
    /// Hands exceptions in kernel code to <see cref="KernelEntry.KernelFault"/>, on the faulting stack, as hardware would; otherwise they fail
    /// the run at once.
    /// </summary>
    public bool FaultsGoToKernel { get; init; }

    /// <summary>Prints what the serial port sends as it is sent.</summary>
    public bool EchoSerial { get; init; }
}
