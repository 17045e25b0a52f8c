// The frame a handler finds on its stack, and the way back: layout of rt_sigframe with ucontext_t and siginfo_t, x86-64.
// sigreturn trusts nothing in the frame: other selectors than user mode's are refused, privileged flags are kept, a Rip outside user
// space faults in user mode, reserved vector control bits are cleared by the machine.
// Context: process; may sleep (user memory). Linux: struct rt_sigframe, setup_rt_frame(), restore_sigcontext().
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

internal static class SignalFrame
{
    // Offsets in the frame: return address, then ucontext_t, then siginfo_t.
    private const int Context = 8;
    private const int StackAt = Context + 16;
    private const int Machine = Context + 40;
    private const int VectorPointer = Machine + 184;
    private const int Mask = Machine + 256;
    private const int Info = Mask + 8;
    private const int FrameBytes = Info + SignalInfo.Bytes;

    private const int RedZone = 128;

    /// <summary>uc_flags: the stack segment in the frame is valid and restored strictly.</summary>
    private const ulong ContextFlags = 2 | 4;

    /// <summary>Flags a program may change: carry, parity, adjust, zero, sign, trap, direction, overflow, alignment check.</summary>
    private const ulong UserFlags = 0x40DD5 | 0x100;

    /// <summary>Writes the frame and points the registers at the handler. False: the stack cannot take it.</summary>
    public static bool TryPush(Task task, in SignalInfo info, in SignalAction action, SignalSet oldMask, ref UserRegisters user)
    {
        // Without SA_RESTORER there is no way back; the ABI asks for it.
        if (!action.Has(SignalAction.SA_RESTORER))
            return false;
        var stack = ChooseStack(task, action, user.Rsp);
        var vectorAt = (stack - TaskContext.VectorStateBytes) & ~63UL;
        var frameAt = ((vectorAt - FrameBytes) & ~15UL) - 8;
        if (task.AlternateStack.IsSet && IsOn(task, stack) && !task.AlternateStack.Contains(frameAt + 1))
            return false;
        if (!TryWriteVectors(vectorAt))
            return false;
        Span<byte> frame = stackalloc byte[FrameBytes];
        frame.Clear();
        Put(frame, 0, action.Restorer);
        Put(frame, Context, ContextFlags);
        PutStack(frame, task);
        PutRegisters(frame, user, vectorAt);
        Put(frame, Machine + 152, task.FaultError);
        Put(frame, Machine + 160, task.FaultTrap);
        Put(frame, Machine + 168, oldMask.Bits);
        if (info.Signal is SignalNumber.SIGSEGV or SignalNumber.SIGBUS)
            Put(frame, Machine + 176, info.Address);
        Put(frame, Mask, oldMask.Bits);
        info.Encode(frame.Slice(Info));
        if (!UserMemory.TryWrite(frameAt, frame))
            return false;
        if ((task.AlternateStack.Flags & AlternateStack.SS_AUTODISARM) != 0)
            task.AlternateStack = default;
        Enter(frameAt, info.Signal, action, ref user);
        return true;
    }

    private static void Enter(ulong frameAt, int signal, in SignalAction action, ref UserRegisters user)
    {
        user.Rip = action.Handler;
        user.Rsp = frameAt;
        user.Rax = 0;
        user.Rdi = (ulong)signal;
        user.Rsi = frameAt + Info;
        user.Rdx = frameAt + Context;
        user.Cs = UserRegisters.UserCodeSelector;
        user.Ss = UserRegisters.UserDataSelector;
        user.Rflags &= ~(0x400UL | 0x100 | 0x10000);
        user.OriginalRax = -1;
    }

    private static ulong ChooseStack(Task task, in SignalAction action, ulong pointer)
    {
        ref var alternate = ref task.AlternateStack;
        if (action.Has(SignalAction.SA_ONSTACK) && alternate.IsSet && !IsOn(task, pointer))
            return alternate.Base + alternate.Bytes;
        return pointer - RedZone;
    }

    /// <summary>True while the stack pointer is on the alternate stack.</summary>
    public static bool IsOn(Task task, ulong pointer) =>
        task.AlternateStack.IsSet && (task.AlternateStack.Flags & AlternateStack.SS_AUTODISARM) == 0 && task.AlternateStack.Contains(pointer);

    private static bool TryWriteVectors(ulong to)
    {
        Span<byte> state = stackalloc byte[TaskContext.VectorStateBytes];
        TaskContext.SaveVectorState(state);
        return UserMemory.TryWrite(to, state);
    }

    private static void PutStack(Span<byte> frame, Task task)
    {
        ref var alternate = ref task.AlternateStack;
        Put(frame, StackAt, alternate.Base);
        Put(frame, StackAt + 8, alternate.IsSet ? alternate.Flags : AlternateStack.SS_DISABLE);
        Put(frame, StackAt + 16, alternate.Bytes);
    }

    private static void PutRegisters(Span<byte> frame, in UserRegisters user, ulong vectorAt)
    {
        Put(frame, Machine, user.R8);
        Put(frame, Machine + 8, user.R9);
        Put(frame, Machine + 16, user.R10);
        Put(frame, Machine + 24, user.R11);
        Put(frame, Machine + 32, user.R12);
        Put(frame, Machine + 40, user.R13);
        Put(frame, Machine + 48, user.R14);
        Put(frame, Machine + 56, user.R15);
        Put(frame, Machine + 64, user.Rdi);
        Put(frame, Machine + 72, user.Rsi);
        Put(frame, Machine + 80, user.Rbp);
        Put(frame, Machine + 88, user.Rbx);
        Put(frame, Machine + 96, user.Rdx);
        Put(frame, Machine + 104, user.Rax);
        Put(frame, Machine + 112, user.Rcx);
        Put(frame, Machine + 120, user.Rsp);
        Put(frame, Machine + 128, user.Rip);
        Put(frame, Machine + 136, user.Rflags);
        Put(frame, Machine + 144, user.Cs | user.Ss << 48);
        Put(frame, VectorPointer, vectorAt);
    }

    /// <summary>rt_sigreturn: everything as the frame says. False: the frame is bad, and SIGSEGV is due.</summary>
    public static bool TryPop(Task task, ref UserRegisters user)
    {
        Span<byte> frame = stackalloc byte[FrameBytes];
        var frameAt = user.Rsp - 8;
        if (!UserMemory.TryRead(frameAt, frame))
            return false;
        var selectors = Get(frame, Machine + 144);
        if ((selectors & 0xffff) != UserRegisters.UserCodeSelector || selectors >> 48 != UserRegisters.UserDataSelector)
            return false;
        var vectorAt = Get(frame, VectorPointer);
        if (vectorAt != 0 && !TryReadVectors(vectorAt))
            return false;
        GetRegisters(frame, ref user);
        task.SetBlocked(new SignalSet(Get(frame, Mask)));
        RestoreStack(task, frame, user.Rsp);
        return true;
    }

    private static bool TryReadVectors(ulong from)
    {
        Span<byte> state = stackalloc byte[TaskContext.VectorStateBytes];
        if (!UserMemory.TryRead(from, state))
            return false;
        TaskContext.LoadVectorState(state);
        return true;
    }

    private static void GetRegisters(ReadOnlySpan<byte> frame, ref UserRegisters user)
    {
        user.R8 = Get(frame, Machine);
        user.R9 = Get(frame, Machine + 8);
        user.R10 = Get(frame, Machine + 16);
        user.R11 = Get(frame, Machine + 24);
        user.R12 = Get(frame, Machine + 32);
        user.R13 = Get(frame, Machine + 40);
        user.R14 = Get(frame, Machine + 48);
        user.R15 = Get(frame, Machine + 56);
        user.Rdi = Get(frame, Machine + 64);
        user.Rsi = Get(frame, Machine + 72);
        user.Rbp = Get(frame, Machine + 80);
        user.Rbx = Get(frame, Machine + 88);
        user.Rdx = Get(frame, Machine + 96);
        user.Rax = Get(frame, Machine + 104);
        user.Rcx = Get(frame, Machine + 112);
        user.Rsp = Get(frame, Machine + 120);
        user.Rip = Get(frame, Machine + 128);
        user.Rflags = (user.Rflags & ~UserFlags) | (Get(frame, Machine + 136) & UserFlags) | 0x202;
        user.Cs = UserRegisters.UserCodeSelector;
        user.Ss = UserRegisters.UserDataSelector;
        user.OriginalRax = -1;
    }

    private static void RestoreStack(Task task, ReadOnlySpan<byte> frame, ulong pointer)
    {
        var flags = (uint)Get(frame, StackAt + 8);
        if (IsOn(task, pointer))
            return;
        if ((flags & AlternateStack.SS_DISABLE) != 0)
            task.AlternateStack = default;
        else if (Get(frame, StackAt + 16) >= AlternateStack.MinimumBytes)
            task.AlternateStack = new AlternateStack { Base = Get(frame, StackAt), Bytes = Get(frame, StackAt + 16), Flags = flags & AlternateStack.SS_AUTODISARM };
    }

    private static void Put(Span<byte> frame, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(frame.Slice(at), value);

    private static ulong Get(ReadOnlySpan<byte> frame, int at) => BinaryPrimitives.ReadUInt64LittleEndian(frame.Slice(at));
}
