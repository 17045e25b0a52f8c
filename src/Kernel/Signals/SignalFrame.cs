// The frame a handler finds on its stack, and the way back: layout of rt_sigframe with ucontext_t and siginfo_t, x86-64.
// sigreturn trusts nothing in the frame: other selectors than user mode's are refused, privileged flags are kept, a Rip outside user
// space faults in user mode, reserved vector control bits are cleared by the machine.
// Context: process; may sleep (user memory). Linux: struct rt_sigframe, setup_rt_frame(), restore_sigcontext().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

internal static class SignalFrame
{
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
        var frameAt = ((vectorAt - SignalFrameLayout.Bytes) & ~15UL) - 8;
        if (task.AlternateStack.IsSet && IsOn(task, stack) && !task.AlternateStack.Contains(frameAt + 1))
            return false;
        if (!TaskContext.TryWriteVectorState(vectorAt))
            return false;
        var frame = new SignalFrameLayout { ReturnAddress = action.Restorer };
        Fill(ref frame.Context, task, info, oldMask, user);
        frame.Context.VectorPointer = vectorAt;
        info.Encode(frame.Info);
        if (!UserAccess.TryWrite(frameAt, frame))
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
        user.Rsi = frameAt + SignalFrameLayout.InfoAt;
        user.Rdx = frameAt + SignalFrameLayout.ContextAt;
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

    private static void Fill(ref UserContext context, Task task, in SignalInfo info, SignalSet oldMask, in UserRegisters user)
    {
        ref var alternate = ref task.AlternateStack;
        context.Flags = ContextFlags;
        context.StackBase = alternate.Base;
        context.StackFlags = alternate.IsSet ? alternate.Flags : AlternateStack.SS_DISABLE;
        context.StackBytes = alternate.Bytes;
        PutRegisters(ref context, user);
        context.FaultError = task.FaultError;
        context.FaultTrap = task.FaultTrap;
        context.OldMask = oldMask.Bits;
        if (info.Signal is SignalNumber.SIGSEGV or SignalNumber.SIGBUS)
            context.FaultAddress = info.Address;
        context.Mask = oldMask.Bits;
    }

    private static void PutRegisters(ref UserContext context, in UserRegisters user)
    {
        context.R8 = user.R8;
        context.R9 = user.R9;
        context.R10 = user.R10;
        context.R11 = user.R11;
        context.R12 = user.R12;
        context.R13 = user.R13;
        context.R14 = user.R14;
        context.R15 = user.R15;
        context.Rdi = user.Rdi;
        context.Rsi = user.Rsi;
        context.Rbp = user.Rbp;
        context.Rbx = user.Rbx;
        context.Rdx = user.Rdx;
        context.Rax = user.Rax;
        context.Rcx = user.Rcx;
        context.Rsp = user.Rsp;
        context.Rip = user.Rip;
        context.Rflags = user.Rflags;
        context.Selectors = user.Cs | user.Ss << 48;
    }

    /// <summary>rt_sigreturn: everything as the frame says. False: the frame is bad, and SIGSEGV is due.</summary>
    public static bool TryPop(Task task, ref UserRegisters user)
    {
        var selectors = UserRegisters.UserCodeSelector | UserRegisters.UserDataSelector << 48;
        if (!UserAccess.TryRead(user.Rsp, out UserContext context) || (context.Selectors & 0xffff_0000_0000_ffff) != selectors)
            return false;
        if (context.VectorPointer != 0 && !TaskContext.TryReadVectorState(context.VectorPointer))
            return false;
        GetRegisters(context, ref user);
        task.SetBlocked(new SignalSet(context.Mask));
        RestoreStack(task, context, user.Rsp);
        return true;
    }

    private static void GetRegisters(in UserContext context, ref UserRegisters user)
    {
        user.R8 = context.R8;
        user.R9 = context.R9;
        user.R10 = context.R10;
        user.R11 = context.R11;
        user.R12 = context.R12;
        user.R13 = context.R13;
        user.R14 = context.R14;
        user.R15 = context.R15;
        user.Rdi = context.Rdi;
        user.Rsi = context.Rsi;
        user.Rbp = context.Rbp;
        user.Rbx = context.Rbx;
        user.Rdx = context.Rdx;
        user.Rax = context.Rax;
        user.Rcx = context.Rcx;
        user.Rsp = context.Rsp;
        user.Rip = context.Rip;
        user.Rflags = (user.Rflags & ~UserFlags) | (context.Rflags & UserFlags) | 0x202;
        user.Cs = UserRegisters.UserCodeSelector;
        user.Ss = UserRegisters.UserDataSelector;
        user.OriginalRax = -1;
    }

    private static void RestoreStack(Task task, in UserContext context, ulong pointer)
    {
        if (IsOn(task, pointer))
            return;
        if ((context.StackFlags & AlternateStack.SS_DISABLE) != 0)
            task.AlternateStack = default;
        else if (context.StackBytes >= AlternateStack.MinimumBytes)
            task.AlternateStack = new AlternateStack
            {
                Base = context.StackBase,
                Bytes = context.StackBytes,
                Flags = (uint)context.StackFlags & AlternateStack.SS_AUTODISARM,
            };
    }
}
