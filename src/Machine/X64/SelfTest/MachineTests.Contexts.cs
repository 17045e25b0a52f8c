// Self tests of the switch, of user mode, and of several processors.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe partial class MachineTests
{
    private const int UserRounds = 300;

    private static int s_steps;
    private static TestContext? s_ping, s_pong;

    [RuntimeImport("*", "test_user_program"), MethodImpl(MethodImplOptions.InternalCall)] private static extern byte* UserProgram();
    [RuntimeImport("*", "test_user_program_bytes"), MethodImpl(MethodImplOptions.InternalCall)] private static extern int UserProgramBytes();

    private static void RunInContext(Action body)
    {
        var context = new TestContext { Body = body };
        context.TryCreateStack();
        TestKernel.Returns = Cpu.Current;
        TaskContext.Switch(Cpu.Current, context);
        TestKernel.Returns = null;
        context.FreeStack();
    }

    private static void Switches()
    {
        Check(Cpu.Current is TestContext && Cpu.Id == 0, "current context");
        RunInContext(static () =>
        {
            s_steps++;
            TaskContext.Switch(Cpu.Current, TestKernel.Returns!);
        });
        Check(s_steps == 1, "a context runs and gives way");
        s_ping = new TestContext { Body = static () => Alternate() };
        s_pong = new TestContext { Body = static () => Alternate(), Twin = s_ping };
        s_ping.Twin = s_pong;
        Check(s_ping.TryCreateStack() && s_pong.TryCreateStack(), "stacks");
        TestKernel.Returns = Cpu.Current;
        var previous = TaskContext.Switch(Cpu.Current, s_ping);
        Check(s_steps == 2001 && ReferenceEquals(previous, s_ping), "a thousand switches to and fro");
        s_ping.FreeStack();
        s_pong.FreeStack();
    }

    private static void Alternate()
    {
        var self = (TestContext)Cpu.Current;
        for (var i = 0; i < 1000; i++)
        {
            s_steps++;
            TaskContext.Switch(self, self.Twin!);
        }
        TaskContext.Switch(self, TestKernel.Returns!);
    }

    private static void UserMode()
    {
        var first = MakeUserContext(1_000_000);
        var second = MakeUserContext(2_000_000);
        first.Twin = second;
        second.Twin = first;
        TestKernel.Returns = Cpu.Current;
        TestKernel.Preempts = true;
        Clock.SetAlarm(Clock.Now + 100_000);
        var rings = TestKernel.TimerRings;
        first.Table.Activate();
        TaskContext.Switch(Cpu.Current, first);
        TestKernel.Preempts = false;
        Clock.SetAlarm(long.MaxValue);
        Check(first.HasEnded && first.Status == 0, "registers of the first user program");
        Check(second.HasEnded && second.Status == 0, "registers of the second user program");
        Check(TestKernel.SystemCalls == 2 * (UserRounds + 5), "system calls");
        Check(TestKernel.UserExceptions == 6, "user exceptions");
        Check(TestKernel.TimerRings > rings + 2, "interrupts in user mode");
        s_table.Activate();
        TestKernel.Returns = null;
    }

    private static TestContext MakeUserContext(ulong seed)
    {
        var context = new TestContext { Seed = seed };
        context.TryCreateStack();
        context.ResetUserState();
        PageTable.TryCreate(out context.Table);
        KernelEntry.Instance.TryTakeFrame(out var frame);
        new ReadOnlySpan<byte>(UserProgram(), UserProgramBytes()).CopyTo(Frames.Bytes(frame));
        context.Table.TryWrite(UserPage, new PageEntry(frame, PageFlags.Present | PageFlags.Executable));
        context.User = new UserRegisters
        {
            Rip = UserPage,
            Rsp = DemandPage + 4096,
            Rdi = seed,
            Rsi = UserRounds,
            Cs = UserRegisters.UserCodeSelector,
            Ss = UserRegisters.UserDataSelector,
            Rflags = 0x202,
            OriginalRax = -1,
        };
        return context;
    }

    /// <summary>The exceptions that the user program raises on purpose: steps over them.</summary>
    internal static void UserRaised(UserException kind, ref UserRegisters user)
    {
        switch (kind)
        {
            case UserException.InvalidOpcode:
                user.Rip += 2;
                break;
            case UserException.GeneralProtection:
                user.Rip += 1;
                break;
            case UserException.NonCanonicalAddress:
                user.Rip = user.R12;
                break;
        }
    }

    private static void OtherProcessors()
    {
        Cpu.StartOthers();
        Check(TestKernel.SecondariesUp == Cpu.Count - 1, "all processors start");
        Instructions.EnableInterrupts();
        for (var cpu = 1; cpu < Cpu.Count; cpu++)
        {
            var (calls, reschedules) = (TestKernel.Calls, TestKernel.Reschedules);
            Cpu.SendCall(cpu);
            Cpu.SendReschedule(cpu);
            var giveUp = Clock.Now + 1_000_000_000;
            while ((Volatile.Read(ref TestKernel.Calls) == calls || Volatile.Read(ref TestKernel.Reschedules) == reschedules) && Clock.Now < giveUp)
                Cpu.Relax();
            Check(TestKernel.Calls == calls + 1 && TestKernel.Reschedules == reschedules + 1, "interrupts to another processor");
        }
        Check(Cpu.Count == 1 || FlushesReachOthers(), "flush on all processors");
        Check(Cpu.Count == 1 || AreasReachOthers(), "kernel areas on all processors");
        Instructions.ClearInterrupts();
        Cpu.StopOthers();
        var (before, stopped) = (TestKernel.Calls, Clock.Now + 1_000_000);
        for (var cpu = 1; cpu < Cpu.Count; cpu++)
            Cpu.SendCall(cpu);
        while (Clock.Now < stopped)
            Cpu.Relax();
        Check(TestKernel.Calls == before, "stopped processors are silent");
    }

    // The other processors read a user page all the time while its frame is exchanged: after a flush none may see the old one.
    private static bool FlushesReachOthers()
    {
        KernelEntry.Instance.TryTakeFrame(out var other);
        var frames = stackalloc FrameNumber[2] { s_table.Read(DemandPage).Frame, other };
        for (uint i = 1; i <= 40; i++)
        {
            var frame = frames[i & 1];
            *(uint*)Frames.Address(frame) = i;
            s_table.Exchange(DemandPage, new PageEntry(frame, UserData));
            s_table.Flush(CpuSet.FirstN(Cpu.Count), DemandPage, DemandPage + 4096);
            Volatile.Write(ref s_oldest, i);
            var reads = Volatile.Read(ref s_reads);
            var giveUp = Clock.Now + 1_000_000_000;
            while (Volatile.Read(ref s_reads) - reads < 3)
            {
                if (Clock.Now > giveUp)
                    return false;
            }
        }
        var stale = Volatile.Read(ref s_staleReads);
        Volatile.Write(ref s_oldest, uint.MaxValue);
        return stale == 0;
    }

    private static uint s_oldest;
    private static int s_reads, s_staleReads;

    /// <summary>What the other processors do during the flush test.</summary>
    internal static void ReadForEver()
    {
        s_table.Activate();
        Instructions.EnableInterrupts();
        while (Volatile.Read(ref s_oldest) != uint.MaxValue)
        {
            var oldest = Volatile.Read(ref s_oldest);
            if (oldest != 0 && UserMemory.TryReadAtomic(DemandPage, out var value) && value < oldest)
                Interlocked.Increment(ref s_staleReads);
            Interlocked.Increment(ref s_reads);
        }
    }

    // The port's loop-back mode sends what is written back to the receiver.
    private static void SerialInterrupt()
    {
        const ushort modemControl = 0x3fc;
        const byte loopBack = 0x1b, normal = 0x0b;
        InterruptLines.Enable(InterruptLine.Serial);
        SerialPort.EnableReceive();
        Ports.Write8(modemControl, loopBack);
        Instructions.EnableInterrupts();
        SerialPort.WritePolled("!"u8);
        var giveUp = Clock.Now + 500_000_000;
        while (Volatile.Read(ref TestKernel.Received) == 0 && Clock.Now < giveUp)
            Cpu.Relax();
        Instructions.ClearInterrupts();
        Ports.Write8(modemControl, normal);
        InterruptLines.Disable(InterruptLine.Serial);
        Check(TestKernel.Received == '!', "interrupt of the serial port");
    }
}
