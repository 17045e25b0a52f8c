// The smallest kernel the machine can carry: round-robin tasks, sleeping and waking, demand-zero memory, four system calls.
// It tests the machine, not the kernel. What has no observable step inside happens at once, so it needs no locks of its own.
using System;
using System.Collections.Generic;
using Jiffy.Machine;
using Jiffy.Machine.Sim;

namespace Jiffy.Tests.Sim.Machine;

internal enum TinyState { Runnable, Sleeping, Exited }

internal sealed class TinyTask : TaskContext
{
    public TinyTask(string name, Action? body)
    {
        Name = name;
        Body = body;
    }

    public string Name { get; }
    public Action? Body { get; }
    public TinyState State { get; set; }
    public bool IsOnCpu { get; set; }
    public bool IsIdle { get; init; }
    public PageTable Table { get; set; }
    public bool HasExited => State == TinyState.Exited;
    public long WakeAt { get; set; } = long.MaxValue;

    public static TinyTask Current => (TinyTask)Cpu.Current;

    public override string ToString() => Name;
}

internal sealed class TinyKernel : KernelEntry
{
    public const int Read = 0, Write = 1, Yield = 24, GetPid = 39, Fork = 57, Exit = 60, Unmap = 11;

    private readonly Queue<TinyTask> _runnable = new();
    private readonly List<TinyTask> _all = new();
    private readonly TinyTask[] _idle;
    private readonly Stack<FrameNumber> _free = new();
    private readonly SimMachine _machine;

    public TinyKernel(SimMachine machine)
    {
        _machine = machine;
        _idle = new TinyTask[machine.Options.Cpus];
        for (var frame = Frames.FreeRange(0).Count; frame >= 1; frame--)
            _free.Push(new FrameNumber((uint)frame));
        Instance = this;
    }

    public int FreeFrames => _free.Count;
    public int TimerInterrupts { get; private set; }
    public int Reschedules { get; private set; }
    public Action? OnSerial { get; set; }
    public bool SkipsFlush { get; set; }
    public KernelFaultKind? LastFault { get; private set; }

    /// <summary>Tasks that have not exited.</summary>
    public int Alive => _all.FindAll(task => !task.HasExited).Count;

    /// <summary>Makes a task that runs <paramref name="body"/>, or a user program when there is none. From the host or a task.</summary>
    public TinyTask Spawn(string name, Action? body)
    {
        var task = new TinyTask(name, body);
        if (!task.TryCreateStack())
            throw new InvalidOperationException("out of frames");
        task.PrepareStart();
        _all.Add(task);
        Enqueue(task);
        return task;
    }

    public TinyTask SpawnProgram(string name, int program)
    {
        var task = Spawn(name, null);
        PageTable.TryCreate(out var table);
        task.Table = table;
        task.User.Rip = SimPrograms.BaseOf(program);
        return task;
    }

    public void Schedule()
    {
        var wereOn = Cpu.DisableInterrupts();
        var self = TinyTask.Current;
        var next = _runnable.Count > 0 ? _runnable.Dequeue() : self.State == TinyState.Runnable ? self : _idle[Cpu.Id];
        if (next != self)
        {
            next.IsOnCpu = true;
            if (!next.Table.Root.IsNone)
                next.Table.Activate();
            Finish((TinyTask)TaskContext.Switch(self, next));
        }
        Cpu.RestoreInterrupts(wereOn);
    }

    public void Sleep(long nanoseconds)
    {
        var self = TinyTask.Current;
        self.State = TinyState.Sleeping;
        self.WakeAt = Clock.Now + nanoseconds;
        Cpu.DisableInterrupts();
        SetNextAlarm();
        Cpu.EnableInterrupts();
        Schedule();
    }

    public bool Wake(TinyTask task)
    {
        if (task.State != TinyState.Sleeping)
            return false;
        task.State = TinyState.Runnable;
        if (!task.IsOnCpu)
            Enqueue(task);
        return true;
    }

    public void ExitCurrent()
    {
        TinyTask.Current.State = TinyState.Exited;
        Schedule();
        throw new InvalidOperationException("an exited task ran again");
    }

    public override TaskContext CreateIdle(int cpu) =>
        _idle[cpu] = new TinyTask($"idle{cpu}", null) { IsIdle = true, IsOnCpu = true };

    public override void BootPrimary()
    {
        Cpu.StartOthers();
        Idle();
    }

    public override void BootSecondary() => Idle();

    public override void StartTask(TaskContext previous, TaskContext self)
    {
        Finish((TinyTask)previous);
        Cpu.EnableInterrupts();
        if (((TinyTask)self).Body is not { } body)
            return;
        body();
        ExitCurrent();
    }

    public override void SystemCall(ref UserRegisters user)
    {
        switch (user.OriginalRax)
        {
            case Write:
                Span<byte> text = stackalloc byte[(int)user.Rdx];
                user.Rax = UserMemory.TryRead(user.Rsi, text) ? user.Rdx : unchecked((ulong)-14);
                SerialPort.WritePolled(text);
                break;
            case Yield:
                Enqueue(TinyTask.Current);
                Schedule();
                user.Rax = 0;
                break;
            case Fork:
                user.Rax = ForkCurrent(ref user);
                break;
            case Unmap:
                UnmapCurrent(user.Rdi);
                user.Rax = 0;
                break;
            case Exit:
                ExitCurrent();
                break;
        }
    }

    public override void ReturnToUser(ref UserRegisters user) { }

    public override void DeviceInterrupt(InterruptLine line, bool fromUser) => OnSerial?.Invoke();

    public override void TimerInterrupt(bool fromUser)
    {
        TimerInterrupts++;
        foreach (var task in _all)
        {
            if (task.WakeAt > Clock.Now)
                continue;
            task.WakeAt = long.MaxValue;
            Wake(task);
        }
        SetNextAlarm();
    }

    public override void RescheduleInterrupt() => Reschedules++;

    public override void CallInterrupt() { }

    public override void ReturnToKernel() { }

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser)
    {
        var page = address & ~0xfffUL;
        var flags = PageFlags.Present | (access == FaultAccess.Execute ? PageFlags.Executable : PageFlags.Writable);
        if (page == 0 || !TryTakeFrame(out var frame))
            return false;
        return TinyTask.Current.Table.TryWrite(page, new PageEntry(frame, flags));
    }

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) => ExitCurrent();

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers)
    {
        LastFault = kind;
        ExitCurrent();
    }

    public override bool TryTakeFrame(out FrameNumber frame)
    {
        frame = default;
        if (_machine.ShouldFail(FaultKind.Frame) || !_free.TryPop(out frame))
            return false;
        Frames.Bytes(frame).Clear();
        return true;
    }

    public override void GiveFrame(FrameNumber frame) => _free.Push(frame);

    public override bool TryTakeHeapFrames(int order, out FrameNumber first)
    {
        first = default;
        return false;
    }

    /// <summary>A task whose memory is the parent's own: enough to see registers copied and two CPUs on one table.</summary>
    private ulong ForkCurrent(ref UserRegisters user)
    {
        var parent = TinyTask.Current;
        var child = Spawn(parent.Name + "'", null);
        user.Rax = 0;
        child.CopyUserStateFrom(parent);
        child.Table = parent.Table;
        return (ulong)_all.Count;
    }

    private void UnmapCurrent(ulong page)
    {
        var table = TinyTask.Current.Table;
        table.Exchange(page, default);
        if (!SkipsFlush)
            table.Flush(CpuSet.FirstN(Cpu.Count), page, page + Frames.Size);
    }

    private void Idle()
    {
        while (true)
        {
            Cpu.DisableInterrupts();
            if (_runnable.Count > 0)
                Schedule();
            else
                Cpu.WaitForInterrupt();
        }
    }

    private void Finish(TinyTask previous)
    {
        previous.IsOnCpu = previous.IsIdle;
        if (!previous.IsIdle && previous.State == TinyState.Runnable && !_runnable.Contains(previous))
            Enqueue(previous);
    }

    private void Enqueue(TinyTask task)
    {
        _runnable.Enqueue(task);
        for (var cpu = 0; cpu < _idle.Length; cpu++)
            _machine.Raise(cpu, PendingInterrupts.Reschedule);
    }

    private void SetNextAlarm()
    {
        var next = long.MaxValue;
        foreach (var task in _all)
            next = Math.Min(next, task.WakeAt);
        Clock.SetAlarm(next);
    }
}
