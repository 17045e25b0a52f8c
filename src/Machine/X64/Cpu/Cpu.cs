// Bodies of the processor contract.
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

public static unsafe partial class Cpu
{
    public static partial int Id
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => CpuArea.Here->Id;
    }

    public static partial int Count => Smp.Count;

    public static partial TaskContext Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ContextBlock.OwnerOf(ContextBlock.Here);
    }

    public static partial bool InterruptsOn => Instructions.InterruptsOn();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static partial bool DisableInterrupts() => Instructions.DisableInterrupts();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static partial void RestoreInterrupts(bool wereOn)
    {
        if (wereOn)
            Instructions.EnableInterrupts();
    }

    public static partial void EnableInterrupts() => Instructions.EnableInterrupts();

    // A spinning CPU may have interrupts off while the holder of what it waits for wants its translations flushed.
    public static partial void Relax()
    {
        Instructions.Pause();
        TlbShootdown.Poll();
    }

    public static partial void Interleave()
    {
    }

    public static partial void WaitForInterrupt() => Instructions.Wait();

    public static partial void StartOthers() => Smp.StartOthers();

    public static partial void SendReschedule(int cpu) => LocalApic.Send(Smp.Area(cpu)->ApicId, Vectors.Reschedule);

    public static partial void SendCall(int cpu) => LocalApic.Send(Smp.Area(cpu)->ApicId, Vectors.Call);

    public static partial void StopOthers() => Smp.StopOthers();
}
