// The tiny kernel under the machine's self tests. Frames: bumped from the free ranges, with a list of those given back.
// Contexts: as KernelEntry says for each member.
using System.Threading;

namespace Jiffy.Machine;

internal sealed unsafe class TestKernel : KernelEntry
{
    internal static int TimerRings, Calls, Reschedules, PageFaults, UserExceptions, SystemCalls, SecondariesUp;
    internal static long FramesTaken;
    internal static int Received;

    /// <summary>What the last reported kernel fault was, for <see cref="MachineTests"/>.</summary>
    internal static KernelFaultKind FaultKind;
    internal static ulong FaultAddress;

    /// <summary>The context that goes on when a test context has faulted or ended.</summary>
    internal static TaskContext? Returns;
    internal static bool Preempts;
    internal static System.Action? OnTimer, OnReturnToKernel;

    private static ulong s_next;
    private static int s_range;
    private static ulong s_given;
    private static int s_held;

    public override void BootPrimary() => MachineTests.RunAndExit();

    public override TaskContext CreateIdle(int cpu) => new TestContext();

    public override void BootSecondary()
    {
        Interlocked.Increment(ref SecondariesUp);
        MachineTests.ReadForEver();
        MachineTests.ReadAreas();
        while (true)
        {
            Instructions.ClearInterrupts();
            Cpu.WaitForInterrupt();
        }
    }

    public override void StartTask(TaskContext previous, TaskContext self) => ((TestContext)self).Body?.Invoke();

    public override void SystemCall(ref UserRegisters user)
    {
        Interlocked.Increment(ref SystemCalls);
        ((TestContext)Cpu.Current).SystemCall(ref user);
    }

    public override void ReturnToUser(ref UserRegisters user)
    {
        if (Instructions.InterruptsOn())
            KernelFault(KernelFaultKind.Assertion, 1, ref *(KernelRegisters*)null);
        Preempt();
    }

    public override void DeviceInterrupt(InterruptLine line, bool fromUser)
    {
        while (SerialPort.TryRead(out var value))
            Received = value;
    }

    public override void TimerInterrupt(bool fromUser)
    {
        TimerRings++;
        if (Preempts)
            Clock.SetAlarm(Clock.Now + 300_000);
        OnTimer?.Invoke();
    }

    public override void RescheduleInterrupt() => Interlocked.Increment(ref Reschedules);

    public override void CallInterrupt() => Interlocked.Increment(ref Calls);

    public override void ReturnToKernel()
    {
        OnReturnToKernel?.Invoke();
        Preempt();
    }

    private static void Preempt()
    {
        if (Preempts && Cpu.Current is TestContext { Twin: not null } context)
            context.GiveWay();
    }

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser)
    {
        Interlocked.Increment(ref PageFaults);
        return MachineTests.RepairsPage(address, fromUser);
    }

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user)
    {
        UserExceptions++;
        MachineTests.UserRaised(kind, ref user);
    }

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers)
    {
        FaultKind = kind;
        FaultAddress = address;
        if (Returns is not null)
            TaskContext.Switch(Cpu.Current, Returns);
        EarlyConsole.Write("kernel fault ");
        EarlyConsole.Write((int)kind);
        EarlyConsole.Write(" at ");
        EarlyConsole.WriteHex(registers.Rip);
        EarlyConsole.Write(" address ");
        EarlyConsole.WriteHex(address);
        EarlyConsole.WriteLine("");
        Power.Panicked();
    }

    public override bool TryTakeFrame(out FrameNumber frame)
    {
        while (Interlocked.CompareExchange(ref s_held, 1, 0) != 0)
            Cpu.Relax();
        frame = Take();
        FramesTaken++;
        Volatile.Write(ref s_held, 0);
        Frames.Clear(frame);
        return true;
    }

    private static FrameNumber Take()
    {
        if (s_given != 0)
        {
            var frame = new FrameNumber((uint)s_given);
            s_given = *(ulong*)Frames.Address(frame);
            return frame;
        }
        while (s_next >= (ulong)Frames.FreeRange(s_range).Count)
        {
            s_range++;
            s_next = 0;
        }
        return Frames.FreeRange(s_range).First + (int)s_next++;
    }

    public override void GiveFrame(FrameNumber frame)
    {
        while (Interlocked.CompareExchange(ref s_held, 1, 0) != 0)
            Cpu.Relax();
        FramesTaken--;
        *(ulong*)Frames.Address(frame) = s_given;
        s_given = frame.Value;
        Volatile.Write(ref s_held, 0);
    }

    public override bool TryTakeHeapFrames(int order, out FrameNumber first)
    {
        while (Frames.FreeRange(s_range).Count < 1 << order)
            s_range++;
        first = Frames.FreeRange(s_range).First + (int)s_next;
        s_next += 1UL << order;
        return true;
    }
}

/// <summary>A context of the self tests: in the kernel it runs <see cref="Body"/>, in user mode its system calls are three.</summary>
internal sealed class TestContext : TaskContext
{
    private const ulong CallYield = 1, CallExit = 2, CallBadRip = 3, CallFork = 4, CallVectors = 5;
    private const ulong BadAddress = 0x8000_0000_0000;

    internal System.Action? Body;

    /// <summary>Who runs when this context gives way.</summary>
    internal TestContext? Twin;

    /// <summary>Who goes on when this context has ended.</summary>
    internal TestContext? Parent;
    internal bool HasEnded;
    internal ulong Status;
    internal ulong Seed;
    internal PageTable Table;

    internal void SystemCall(ref UserRegisters user)
    {
        switch (user.Rax)
        {
            case CallYield:
                user.Rax = Seed;
                Instructions.ClearInterrupts();
                GiveWay();
                Instructions.EnableInterrupts();
                break;
            case CallExit:
                Status = user.Rdi;
                End();
                break;
            case CallBadRip:
                user.Rip = BadAddress;
                break;
            case CallFork:
                user.Rax = Fork();
                break;
            case CallVectors:
                user.Rax = SpoilVectors() ? 0UL : 1;
                break;
        }
    }

    // The copy runs until it ends; 1 when it ended well.
    private ulong Fork()
    {
        var child = new TestContext { Seed = Seed, Table = Table, Parent = this };
        child.TryCreateStack();
        child.CopyUserStateFrom(this);
        child.User.Rax = 0;
        Instructions.ClearInterrupts();
        Switch(this, child);
        Instructions.EnableInterrupts();
        child.FreeStack();
        return child.HasEnded && child.Status == 0 ? 1UL : 2;
    }

    private bool SpoilVectors()
    {
        System.Span<byte> saved = stackalloc byte[VectorStateBytes];
        System.Span<byte> spoilt = stackalloc byte[VectorStateBytes];
        SaveVectorState(saved);
        spoilt.Fill(0xff);
        LoadVectorState(spoilt);
        LoadVectorState(saved);
        for (ulong i = 0; i < 16; i++)
        {
            if (System.Runtime.InteropServices.MemoryMarshal.Read<ulong>(saved.Slice(VectorState.XmmAt + 16 * (int)i)) != Seed + i + 1)
                return false;
        }
        return true;
    }

    /// <summary>Interrupts off.</summary>
    internal void GiveWay()
    {
        if (Twin is null || Twin.HasEnded)
            return;
        Twin.Table.Activate();
        Switch(this, Twin);
    }

    private void End()
    {
        Instructions.ClearInterrupts();
        HasEnded = true;
        GiveWay();
        Switch(this, Parent ?? TestKernel.Returns!);
    }
}
