// System calls of futexes. man 2 futex, get_robust_list, set_robust_list.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

internal static class FutexCalls
{
    private const int FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5;
    private const int FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10;
    private const int FUTEX_PRIVATE_FLAG = 128, FUTEX_CLOCK_REALTIME = 256;

    /// <summary>Bytes of struct robust_list_head.</summary>
    private const ulong RobustListHeadBytes = 24;

    /// <summary>The fourth argument is a time or a second count, as the operation says.</summary>
    public static long Call(ulong address, int operation, uint value, ulong fourth, ulong second, uint third)
    {
        var isPrivate = (operation & FUTEX_PRIVATE_FLAG) != 0;
        var isRealTime = (operation & FUTEX_CLOCK_REALTIME) != 0;
        var command = operation & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
        if (isRealTime && command != FUTEX_WAIT_BITSET)
            return -(long)Errno.ENOSYS;
        switch (command)
        {
            case FUTEX_WAIT:
                return Wait(address, value, isPrivate, Futex.AllBits, fourth, isRelative: true, ClockBase.Monotonic);
            case FUTEX_WAIT_BITSET:
                return Wait(address, value, isPrivate, third, fourth, isRelative: false, isRealTime ? ClockBase.RealTime : ClockBase.Monotonic);
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
            default:
                return -(long)Errno.ENOSYS;
        }
    }

    private static long Wait(ulong address, uint expected, bool isPrivate, uint bits, ulong timeAt, bool isRelative, ClockBase clock)
    {
        var deadline = long.MaxValue;
        if (timeAt != 0)
        {
            if (!UserAccess.TryRead(timeAt, out TimeSpec time))
                return -(long)Errno.EFAULT;
            if (!time.IsValid)
                return -(long)Errno.EINVAL;
            deadline = isRelative ? Deadline.After(TimeKeeper.Monotonic, time.ToNanoseconds()) : time.ToNanoseconds();
        }

        var result = Futex.Wait(address, expected, isPrivate, bits, deadline, clock);
        if (result != Errno.ERESTARTSYS || timeAt == 0)
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
