// System calls of signals. man 2 of each.
using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class SignalCalls
{
    private const int SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2;

    /// <summary>Bytes of the kernel's sigset_t, which callers must state.</summary>
    private const ulong SetBytes = 8;

    /// <summary>Flags of sigaction that are kept.</summary>
    private const ulong KnownFlags = SignalAction.SA_NOCLDSTOP | SignalAction.SA_NOCLDWAIT | SignalAction.SA_SIGINFO | SignalAction.SA_RESTORER
        | SignalAction.SA_ONSTACK | SignalAction.SA_RESTART | SignalAction.SA_NODEFER | SignalAction.SA_RESETHAND;

    public static long SigAction(int signal, ulong newAt, ulong oldAt, ulong setBytes)
    {
        if (setBytes != SetBytes || signal is < 1 or > SignalNumber.Count)
            return -(long)Errno.EINVAL;
        var action = default(SignalAction);
        if (newAt != 0)
        {
            if (!TryReadAction(newAt, out action))
                return -(long)Errno.EFAULT;
            if (SignalSet.Unblockable.Contains(signal))
                return -(long)Errno.EINVAL;
        }

        var old = Task.Current.ExchangeAction(signal, newAt != 0, action);
        return oldAt != 0 && !TryWriteAction(oldAt, old) ? -(long)Errno.EFAULT : 0;
    }

    private static bool TryReadAction(ulong from, out SignalAction action)
    {
        Span<byte> bytes = stackalloc byte[32];
        action = default;
        if (!UserMemory.TryRead(from, bytes))
            return false;
        action.Handler = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        action.Flags = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(8)) & KnownFlags;
        action.Restorer = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16));
        action.Mask = new SignalSet(BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(24))).Except(SignalSet.Unblockable);
        return true;
    }

    private static bool TryWriteAction(ulong to, in SignalAction action)
    {
        Span<byte> bytes = stackalloc byte[32];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, action.Handler);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(8), action.Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(16), action.Restorer);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(24), action.Mask.Bits);
        return UserMemory.TryWrite(to, bytes);
    }

    public static long SigProcMask(int how, ulong newAt, ulong oldAt, ulong setBytes)
    {
        if (setBytes != SetBytes)
            return -(long)Errno.EINVAL;
        var current = Task.Current;
        var old = current.BlockedSignals;
        if (newAt != 0)
        {
            if (!UserAccess.TryRead(newAt, out ulong bits))
                return -(long)Errno.EFAULT;
            var set = new SignalSet(bits);
            switch (how)
            {
                case SIG_BLOCK:
                    current.SetBlocked(old.Or(set));
                    break;
                case SIG_UNBLOCK:
                    current.SetBlocked(old.Except(set));
                    break;
                case SIG_SETMASK:
                    current.SetBlocked(set);
                    break;
                default:
                    return -(long)Errno.EINVAL;
            }
        }

        return oldAt != 0 && !UserAccess.TryWrite(oldAt, old.Bits) ? -(long)Errno.EFAULT : 0;
    }

    public static long SigPending(ulong to, ulong setBytes)
    {
        if (setBytes > SetBytes)
            return -(long)Errno.EINVAL;
        var current = Task.Current;
        var set = current.PendingSet.Or(current.Group.SharedPendingSet).And(current.BlockedSignals);
        return UserAccess.TryWrite(to, set.Bits) ? 0 : -(long)Errno.EFAULT;
    }

    public static long SigSuspend(ulong setAt, ulong setBytes)
    {
        if (setBytes != SetBytes)
            return -(long)Errno.EINVAL;
        if (!UserAccess.TryRead(setAt, out ulong bits))
            return -(long)Errno.EFAULT;
        return SyscallResult.From(SignalWait.Suspend(new SignalSet(bits)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Pause() => SyscallResult.From(SignalWait.Pause());

    public static long SigTimedWait(ulong setAt, ulong infoAt, ulong timeoutAt, ulong setBytes)
    {
        if (setBytes != SetBytes)
            return -(long)Errno.EINVAL;
        if (!UserAccess.TryRead(setAt, out ulong bits))
            return -(long)Errno.EFAULT;
        var deadline = long.MaxValue;
        if (timeoutAt != 0)
        {
            if (!UserAccess.TryRead(timeoutAt, out TimeSpec timeout))
                return -(long)Errno.EFAULT;
            if (!timeout.IsValid)
                return -(long)Errno.EINVAL;
            deadline = timeout.IsZero ? 0 : Deadline.After(TimeKeeper.Monotonic, timeout.ToNanoseconds());
        }

        var result = SignalWait.Take(new SignalSet(bits), deadline);
        if (!result.TryGet(out var info))
            return -(long)result.Error;
        Span<byte> bytes = stackalloc byte[SignalInfo.Bytes];
        info.Encode(bytes);
        return infoAt != 0 && !UserMemory.TryWrite(infoAt, bytes) ? -(long)Errno.EFAULT : info.Signal;
    }

    public static long SigAltStack(ulong newAt, ulong oldAt, ref UserRegisters user)
    {
        Span<byte> bytes = stackalloc byte[24];
        var current = Task.Current;
        var old = current.AlternateStack;
        var isOn = SignalFrame.IsOn(current, user.Rsp);
        if (newAt != 0)
        {
            if (!UserMemory.TryRead(newAt, bytes))
                return -(long)Errno.EFAULT;
            var error = SetAlternateStack(current, bytes, isOn);
            if (error != Errno.None)
                return -(long)error;
        }

        if (oldAt == 0)
            return 0;
        bytes.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, old.Base);
        var flags = isOn ? AlternateStack.SS_ONSTACK : old.IsSet ? 0 : (uint)AlternateStack.SS_DISABLE;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(8), flags | old.Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(16), old.Bytes);
        return UserMemory.TryWrite(oldAt, bytes) ? 0 : -(long)Errno.EFAULT;
    }

    private static Errno SetAlternateStack(Task current, ReadOnlySpan<byte> bytes, bool isOn)
    {
        if (isOn)
            return Errno.EPERM;
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8));
        var mode = flags & ~AlternateStack.SS_AUTODISARM;
        if (mode is not (0 or AlternateStack.SS_ONSTACK or AlternateStack.SS_DISABLE))
            return Errno.EINVAL;
        if (mode == AlternateStack.SS_DISABLE)
        {
            current.AlternateStack = new AlternateStack { Flags = flags & AlternateStack.SS_AUTODISARM };
            return Errno.None;
        }

        var stack = new AlternateStack
        {
            Base = BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            Bytes = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16)),
            Flags = flags & AlternateStack.SS_AUTODISARM,
        };
        if (stack.Bytes < AlternateStack.MinimumBytes)
            return Errno.ENOMEM;
        current.AlternateStack = stack;
        return Errno.None;
    }

    public static long SigReturn(ref UserRegisters user)
    {
        if (!SignalFrame.TryPop(Task.Current, ref user))
            SignalSender.ForceFault(SignalNumber.SIGSEGV, SignalCode.SI_KERNEL, 0);
        return (long)user.Rax;
    }
}
