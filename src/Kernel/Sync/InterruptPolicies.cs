// What a spin lock shuts out on its CPU while it is held. Each also turns preemption off: the holder keeps the CPU.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public interface IInterruptPolicy
{
    /// <summary>Shuts out; returns what <see cref="Leave"/> needs to put back.</summary>
    static abstract bool Enter();

    static abstract void Leave(bool token);

    /// <summary>What it shuts out, for LockChecks.</summary>
    static abstract LockUse Use { get; }
}

/// <summary>Only preemption is off: the lock is never taken by an interrupt or softirq.</summary>
public readonly struct PreemptionOff : IInterruptPolicy
{
    public static LockUse Use => LockUse.PreemptionOff;

    public static bool Enter()
    {
        Preemption.Disable();
        Cpu.Interleave();
        return false;
    }

    public static void Leave(bool token) => Preemption.Enable();
}

/// <summary>Interrupts are off: the lock may be taken in hardirq context. The token says whether they were on.</summary>
public readonly struct IrqsOff : IInterruptPolicy
{
    public static LockUse Use => LockUse.IrqsOff;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Enter()
    {
        var wereOn = Cpu.DisableInterrupts();
        Preemption.Disable();
        return wereOn;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Leave(bool token)
    {
        // One look at who runs: it stays the same whatever comes between.
        var current = Cpu.Current;
        Preemption.EnableNoReschedule(current);
        Cpu.RestoreInterrupts(token);
        if (token)
            Preemption.Check(current);
    }
}

/// <summary>Softirqs are off: the lock may be taken in softirq context, but not in hardirq context.</summary>
public readonly struct SoftirqsOff : IInterruptPolicy
{
    public static LockUse Use => LockUse.SoftirqsOff;

    public static bool Enter()
    {
        Softirq.Disable();
        Cpu.Interleave();
        return false;
    }

    public static void Leave(bool token) => Softirq.Enable();
}
