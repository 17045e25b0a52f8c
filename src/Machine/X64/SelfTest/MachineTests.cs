// The machine's self tests at boot (`selftest=machine`): the tests in order, and their count.
// Contexts: CPU 0's idle context.
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe partial class MachineTests
{
    private static int s_passed, s_failed;

    internal static void RunAndExit()
    {
        LayoutIsAsTheAssemblySees();
        FramesAndTables();
        UserCopies();
        Switches();
        KernelFaults();
        KernelAreas();
        TimerRings();
        InterruptStacks();
        UserMode();
        SerialInterrupt();
        OtherProcessors();
        EarlyConsole.Write("machine: ");
        EarlyConsole.Write(s_passed);
        EarlyConsole.Write(" passed, ");
        EarlyConsole.Write(s_failed);
        EarlyConsole.WriteLine(" failed");
        Power.Off(s_failed == 0 ? 0 : 1);
    }

    private static void Check(bool holds, string what)
    {
        if (holds)
        {
            s_passed++;
            return;
        }
        s_failed++;
        EarlyConsole.Write("machine: FAILED: ");
        EarlyConsole.WriteLine(what);
    }

    private static void LayoutIsAsTheAssemblySees()
    {
        var words = Instructions.EntryLayout();
        var block = Cpu.Current.Block;
        var area = CpuArea.Here;
        var (blockAt, areaAt) = ((ulong)block, (ulong)area);
        Check(words[0] == ContextBlock.SavedVectors, "number of saved vector registers");
        Check(words[1] == (ulong)sizeof(UserRegisters) && words[1] == (ulong)sizeof(KernelRegisters), "size of register sets");
        Check(words[2] == (ulong)sizeof(ContextBlock), "size of the context block");
        Check(words[3] == (ulong)&block->StackPointer - blockAt && words[4] == (ulong)&block->OwnerReference - blockAt, "context block, first words");
        Check(words[5] == (ulong)&block->Area - blockAt && words[6] == (ulong)&block->HasUserState - blockAt, "context block, last words");
        Check(words[7] == (ulong)&area->Current - areaAt && words[8] == (ulong)&area->UserStackPointer - areaAt, "CPU area");
        Check(words[9] == (ulong)&area->Tss.Rsp0 - areaAt, "task state segment");
        Check(words[10] == (ulong)&area->InterruptStack - areaAt && words[11] == (ulong)&area->NonMaskableInterrupts - areaAt, "CPU area, interrupts");
    }

    private static void TimerRings()
    {
        var before = TestKernel.TimerRings;
        var start = Clock.Now;
        Clock.SetAlarm(start + 2_000_000);
        while (Volatile.Read(ref TestKernel.TimerRings) == before && Clock.Now < start + 2_000_000_000)
            Cpu.WaitForInterrupt();
        var waited = Clock.Now - start;
        Check(TestKernel.TimerRings == before + 1, "the alarm rings once");
        Check(waited >= 2_000_000 && waited < 1_000_000_000, "the alarm rings in time");
        Check(Cpu.InterruptsOn, "interrupts are on after the wait");
        Instructions.ClearInterrupts();
        Clock.SetAlarm(0);
        Instructions.EnableInterrupts();
        while (Volatile.Read(ref TestKernel.TimerRings) == before + 1 && Clock.Now < start + 2_000_000_000)
            Cpu.Relax();
        Check(TestKernel.TimerRings == before + 2, "an alarm in the past rings at once");
        Instructions.ClearInterrupts();
        Check(Clock.RealTimeAtStart > 1_600_000_000, "the battery clock");
    }
}
