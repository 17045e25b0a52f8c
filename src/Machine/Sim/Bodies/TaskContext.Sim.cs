// A kernel stack is a fiber, taken when the context is first switched to. The frames a real stack would use are taken all
// the same, so that running out of memory looks alike on both machines.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public abstract partial class TaskContext
{
    private const int StackFrames = StackBytes / Frames.Size;

    private UserRegisters _user;
    private VectorState _vector;
    private StackFrameList _frames;
    private bool _hasStack;

    [InlineArray(VectorStateBytes)]
    private struct VectorState
    {
        private byte _first;
    }

    [InlineArray(StackFrames)]
    private struct StackFrameList
    {
        private FrameNumber _first;
    }

    /// <summary>The stack in use; null before the first switch and after the stack was taken away.</summary>
    internal Fiber? Fiber { get; set; }

    internal bool IsPrepared { get; set; }

    /// <summary>True while the CPU executes this context's user program.</summary>
    internal bool IsInUserMode { get; set; }

    /// <summary>Where the user program's step began: if it is elsewhere in the midst of it, a signal came between.</summary>
    internal (ulong Rip, ulong Rsp) StepStart { get; set; }

    public partial ref UserRegisters User => ref _user;

    public partial bool HasStack => _hasStack;

    public static partial long FramesOfStacks => SimMachine.Current.FramesOfStacks;

    public partial bool TryCreateStack()
    {
        for (var i = 0; SimMachine.HasKernel && i < StackFrames; i++)
        {
            if (KernelEntry.Instance.TryTakeFrame(out _frames[i]))
            {
                SimMachine.Current.FramesOfStacks++;
                continue;
            }

            GiveFrames(i);
            return false;
        }
        _hasStack = true;
        return true;
    }

    public partial void FreeStack()
    {
        if (!_hasStack)
            return;
        _hasStack = false;
        IsPrepared = false;
        SimMachine.Current.FreeStack(this);
        GiveFrames(StackFrames);
    }

    public partial void PrepareStart()
    {
        SimMachine.Current.FreeStack(this);
        IsPrepared = true;
        IsInUserMode = false;
    }

    public partial void CopyUserStateFrom(TaskContext parent)
    {
        _user = parent._user;
        _vector = parent._vector;
        UserFsBase = parent.UserFsBase;
        UserGsBase = parent.UserGsBase;
    }

    public partial void ResetUserState()
    {
        _vector = default;
        _vector[0] = 0x7f; // FCW 0x037f
        _vector[1] = 0x03;
        _vector[24] = 0x80; // MXCSR 0x1f80
        _vector[25] = 0x1f;
        UserFsBase = 0;
        UserGsBase = 0;
    }

    public static partial void SaveVectorState(Span<byte> to) => ((ReadOnlySpan<byte>)Cpu.Current._vector).CopyTo(to);

    public static partial bool TryWriteVectorState(ulong to) => UserMemory.TryWrite(to, Cpu.Current._vector);

    public static partial bool TryReadVectorState(ulong from) => UserMemory.TryRead(from, Cpu.Current._vector);

    public static partial void LoadVectorState(ReadOnlySpan<byte> from) => from[..VectorStateBytes].CopyTo(Cpu.Current._vector);

    public partial void LoadUserSegments() { }

    public static partial TaskContext Switch(TaskContext from, TaskContext to)
    {
        if (Fiber.Current is not { } fiber)
            throw new InvalidOperationException("context switch on a thread that belongs to no machine");
        return fiber.IsUnwinding ? from : fiber.Machine.Switch(fiber, from, to);
    }

    public partial bool IsStackOverflow(ulong address) => false;

    /// <summary>A CPU's first context runs on a stack that the machine brought with it.</summary>
    internal void GrantStack() => _hasStack = true;

    private void GiveFrames(int count)
    {
        for (var i = 0; SimMachine.HasKernel && i < count; i++)
        {
            if (_frames[i].IsNone)
                continue;
            KernelEntry.Instance.GiveFrame(_frames[i]);
            SimMachine.Current.FramesOfStacks--;
            _frames[i] = default;
        }
    }
}
