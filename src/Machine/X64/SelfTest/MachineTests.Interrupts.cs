// Self tests of the interrupt stack: who is on it, nesting, the way back, and walks from it to the interrupted code.
using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe partial class MachineTests
{
    private const int Nested = 3;

    private static int s_inside, s_deepest, s_returns;
    private static bool s_allOnInterruptStack, s_currentIsKept, s_returnsOnOwnStack, s_walkReachesCaller;
    private static TaskContext? s_interrupted;

    private static void InterruptStacks()
    {
        s_allOnInterruptStack = s_currentIsKept = s_returnsOnOwnStack = true;
        s_interrupted = Cpu.Current;
        TestKernel.OnTimer = static () => Nest();
        TestKernel.OnReturnToKernel = static () => NoteReturn();
        WaitForNesting();
        TestKernel.OnTimer = null;
        TestKernel.OnReturnToKernel = null;
        Check(s_deepest == Nested, "interrupts nest");
        Check(s_allOnInterruptStack, "interrupts, nested ones too, run on the interrupt stack");
        Check(s_currentIsKept, "the interrupted context is the current one in an interrupt");
        Check(s_returns == 1 && s_returnsOnOwnStack, "the way back to the kernel is taken once, on the context's own stack");
        Check(s_walkReachesCaller, "a stack walk goes on from the interrupt stack to the interrupted code");
        Check(CpuArea.Here->InterruptStack != ContextBlock.Here, "the context is back on its own stack");
        Check(KernelStacks.IsOverflow(CpuArea.Here->InterruptStack, (ulong)CpuArea.Here->InterruptStack - TaskContext.StackBytes), "guard of the interrupt stack");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WaitForNesting()
    {
        var giveUp = Clock.Now + 2_000_000_000;
        Clock.SetAlarm(0);
        Instructions.EnableInterrupts();
        while (Volatile.Read(ref s_returns) == 0 && Clock.Now < giveUp)
            Cpu.Relax();
        Instructions.ClearInterrupts();
    }

    private static void Nest()
    {
        s_allOnInterruptStack &= ContextBlock.Here == CpuArea.Here->InterruptStack;
        s_currentIsKept &= ReferenceEquals(Cpu.Current, s_interrupted);
        s_inside++;
        s_deepest = s_inside > s_deepest ? s_inside : s_deepest;
        if (s_inside < Nested)
        {
            Clock.SetAlarm(0);
            Instructions.EnableInterrupts();
            var giveUp = Clock.Now + 1_000_000_000;
            while (Volatile.Read(ref s_deepest) < Nested && Clock.Now < giveUp)
                Cpu.Relax();
            Instructions.ClearInterrupts();
        }
        else
        {
            s_walkReachesCaller = WalkFinds("WaitForNesting"u8);
        }
        s_inside--;
    }

    private static bool WalkFinds(ReadOnlySpan<byte> method)
    {
        Span<ulong> addresses = stackalloc ulong[32];
        var count = Backtrace.WalkHere(addresses);
        for (var i = 0; i < count; i++)
        {
            if (Backtrace.TryDescribe(addresses[i], out var where) && where.Method.IndexOf(method) >= 0)
                return true;
        }
        return false;
    }

    private static void NoteReturn()
    {
        s_returns++;
        s_returnsOnOwnStack &= ContextBlock.Here == s_interrupted!.Block && s_inside == 0;
    }
}
