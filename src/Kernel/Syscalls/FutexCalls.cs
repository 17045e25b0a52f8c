// System calls of futexes. man 2 futex, futex_waitv, get_robust_list, set_robust_list.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

internal static class FutexCalls
{
    private const int FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5, FUTEX_LOCK_PI = 6, FUTEX_UNLOCK_PI = 7;
    private const int FUTEX_TRYLOCK_PI = 8, FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10, FUTEX_WAIT_REQUEUE_PI = 11, FUTEX_CMP_REQUEUE_PI = 12;
    private const int FUTEX_LOCK_PI2 = 13;
    private const int FUTEX_PRIVATE_FLAG = 128, FUTEX_CLOCK_REALTIME = 256;

    /// <summary>Bytes of struct robust_list_head.</summary>
    private const ulong RobustListHeadBytes = 24;

    /// <summary>The fourth argument is a time or a second count, as the operation says.</summary>
    public static long Call(ulong address, int operation, uint value, ulong fourth, ulong second, uint third)
    {
        var isPrivate = (operation & FUTEX_PRIVATE_FLAG) != 0;
        var isRealTime = (operation & FUTEX_CLOCK_REALTIME) != 0;
        var command = operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
        var deadline = long.MaxValue;
        if (fourth != 0 && HasTimeOut(command))
        {
            var error = ReadDeadline(fourth, isRelative: command == FUTEX_WAIT, out deadline);
            if (error != Errno.None)
                return -(long)error;
        }

        if (isRealTime && command is not (FUTEX_WAIT_BITSET or FUTEX_WAIT_REQUEUE_PI or FUTEX_LOCK_PI2))
            return -(long)Errno.ENOSYS;
        var clock = isRealTime || command == FUTEX_LOCK_PI ? ClockBase.RealTime : ClockBase.Monotonic;
        switch (command)
        {
            case FUTEX_WAIT:
                return Wait(address, value, isPrivate, Futex.AllBits, deadline, clock);
            case FUTEX_WAIT_BITSET:
                return Wait(address, value, isPrivate, third, deadline, clock);
            case FUTEX_WAKE:
                return SyscallResult.From(Futex.Wake(address, isPrivate, (int)value, Futex.AllBits));
            case FUTEX_WAKE_BITSET:
                return SyscallResult.From(Futex.Wake(address, isPrivate, (int)value, third));
            case FUTEX_REQUEUE:
                return SyscallResult.From(Futex.Requeue(address, second, isPrivate, (int)value, (int)fourth, checks: false, 0));
            case FUTEX_CMP_REQUEUE:
                return SyscallResult.From(Futex.Requeue(address, second, isPrivate, (int)value, (int)fourth, checks: true, third));
            case FUTEX_WAKE_OP:
                return SyscallResult.From(Futex.WakeOperation(address, second, isPrivate, (int)value, (int)fourth, third));
            case FUTEX_LOCK_PI:
            case FUTEX_LOCK_PI2:
                return -(long)Futex.LockPi(address, isPrivate, deadline, clock, isTry: false);
            case FUTEX_TRYLOCK_PI:
                return -(long)Futex.LockPi(address, isPrivate, long.MaxValue, clock, isTry: true);
            case FUTEX_UNLOCK_PI:
                return -(long)Futex.UnlockPi(address, isPrivate);
            case FUTEX_WAIT_REQUEUE_PI:
                return -(long)Futex.WaitRequeuePi(address, value, isPrivate, Futex.AllBits, deadline, clock, second);
            case FUTEX_CMP_REQUEUE_PI:
                return SyscallResult.From(Futex.RequeuePi(address, second, isPrivate, (int)value, (int)fourth, third));
            default:
                return -(long)Errno.ENOSYS;
        }
    }

    private static bool HasTimeOut(int command) =>
        command is FUTEX_WAIT or FUTEX_WAIT_BITSET or FUTEX_LOCK_PI or FUTEX_LOCK_PI2 or FUTEX_WAIT_REQUEUE_PI;

    /// <summary>EFAULT, EINVAL.</summary>
    private static Errno ReadDeadline(ulong from, bool isRelative, out long deadline)
    {
        deadline = long.MaxValue;
        if (!UserAccess.TryRead(from, out TimeSpec time))
            return Errno.EFAULT;
        if (!time.IsValid)
            return Errno.EINVAL;
        deadline = isRelative ? Deadline.After(TimeKeeper.Monotonic, time.ToNanoseconds()) : time.ToNanoseconds();
        return Errno.None;
    }

    private static long Wait(ulong address, uint expected, bool isPrivate, uint bits, long deadline, ClockBase clock)
    {
        var result = Futex.Wait(address, expected, isPrivate, bits, deadline, clock);
        if (result != Errno.ERESTARTSYS || deadline == long.MaxValue)
            return -(long)result;
        Task.Current.Restart = new RestartBlock
        {
            Kind = RestartKind.FutexWait,
            Address = address,
            First = expected,
            Second = (ulong)bits << 32 | (isPrivate ? 1UL : 0),
            Deadline = deadline,
            Clock = clock,
        };
        return -(long)Errno.ERESTART_RESTARTBLOCK;
    }

    /// <summary>The clock counts only when there is a time-out, which is absolute.</summary>
    public static long WaitVector(ulong items, uint count, uint flags, ulong timeAt, int clock)
    {
        if (flags != 0 || count == 0 || count > Futex.MostInVector || items == 0)
            return -(long)Errno.EINVAL;
        var deadline = long.MaxValue;
        if (timeAt != 0)
        {
            if (clock is not (ClockId.CLOCK_MONOTONIC or ClockId.CLOCK_REALTIME))
                return -(long)Errno.EINVAL;
            var error = ReadDeadline(timeAt, isRelative: false, out deadline);
            if (error != Errno.None)
                return -(long)error;
        }

        var isRealTime = clock == ClockId.CLOCK_REALTIME;
        return SyscallResult.From(Futex.WaitVector(items, (int)count, deadline, isRealTime ? ClockBase.RealTime : ClockBase.Monotonic));
    }

    public static long SetRobustList(ulong head, ulong bytes)
    {
        if (bytes != RobustListHeadBytes)
            return -(long)Errno.EINVAL;
        Task.Current.RobustList = head;
        return 0;
    }

    public static long GetRobustList(int id, ulong headAt, ulong bytesAt)
    {
        ulong head;
        using (TaskTree.Lock.Acquire())
        {
            var task = id == 0 ? Task.Current : TaskTree.Find(id);
            if (task is null)
                return -(long)Errno.ESRCH;
            if (task.Group != Task.Current.Group && !TaskAccess.MayControl(task))
                return -(long)Errno.EPERM;
            head = task.RobustList;
        }

        return UserAccess.TryWrite(bytesAt, RobustListHeadBytes) && UserAccess.TryWrite(headAt, head) ? 0 : -(long)Errno.EFAULT;
    }
}
