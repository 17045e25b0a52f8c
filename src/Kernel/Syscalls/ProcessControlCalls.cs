// prctl, arch_prctl, personality: attributes of a process that have no call of their own. man 2 of each.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class ProcessControlCalls
{
    private const int PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4;
    private const int PR_SET_NAME = 15, PR_GET_NAME = 16, PR_SET_CHILD_SUBREAPER = 36, PR_GET_CHILD_SUBREAPER = 37;
    private const int PR_SET_TIMERSLACK = 29, PR_GET_TIMERSLACK = 30;
    private const int PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39;

    public static long Prctl(int option, ulong a, ulong b, ulong c, ulong d)
    {
        var current = Task.Current;
        switch (option)
        {
            case PR_SET_PDEATHSIG:
                if (a > SignalNumber.Count)
                    return -(long)Errno.EINVAL;
                current.ParentDeathSignal = (int)a;
                return 0;
            case PR_GET_PDEATHSIG:
                return UserAccess.TryWrite(a, current.ParentDeathSignal) ? 0 : -(long)Errno.EFAULT;
            case PR_GET_DUMPABLE:
                return current.Group.IsUndumpable ? 0 : 1;
            case PR_SET_DUMPABLE:
                if (a > 1)
                    return -(long)Errno.EINVAL;
                current.Group.IsUndumpable = a == 0;
                return 0;
            case PR_SET_NAME:
                return SetName(current, a);
            case PR_GET_NAME:
                return GetName(current, a);
            case PR_SET_CHILD_SUBREAPER:
                current.Group.IsSubreaper = a != 0;
                return 0;
            case PR_GET_CHILD_SUBREAPER:
                return UserAccess.TryWrite(a, current.Group.IsSubreaper ? 1 : 0) ? 0 : -(long)Errno.EFAULT;
            case PR_SET_NO_NEW_PRIVS:
                if (a != 1 || b != 0 || c != 0 || d != 0)
                    return -(long)Errno.EINVAL;
                current.HasNoNewPrivileges = true;
                return 0;
            case PR_GET_NO_NEW_PRIVS:
                return current.HasNoNewPrivileges ? 1 : 0;
            case PR_SET_TIMERSLACK:
                current.TimerSlack = a is 0 or > long.MaxValue ? current.DefaultTimerSlack : (long)a;
                return 0;
            case PR_GET_TIMERSLACK:
                return current.TimerSlack;
            default:
                return CapabilityCalls.Prctl(option, a, b, c, d);
        }
    }

    private static long SetName(Task current, ulong from)
    {
        Span<byte> name = stackalloc byte[TaskName.Capacity - 1];
        var length = UserMemory.ReadString(from, name);
        if (length < 0)
            return -(long)Errno.EFAULT;
        current.SetName(name.Slice(0, length));
        return 0;
    }

    private static long GetName(Task current, ulong to)
    {
        Span<byte> name = stackalloc byte[TaskName.Capacity];
        name.Clear();
        current.Name.CopyTo(name);
        return UserMemory.TryWrite(to, name) ? 0 : -(long)Errno.EFAULT;
    }

    private const int ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004;

    public static long ArchPrctl(int code, ulong address)
    {
        var current = Task.Current;
        switch (code)
        {
            case ARCH_SET_FS:
            case ARCH_SET_GS:
                if (address >= UserMemory.Limit)
                    return -(long)Errno.EPERM;
                if (code == ARCH_SET_FS)
                    current.UserFsBase = address;
                else
                    current.UserGsBase = address;
                current.LoadUserSegments();
                return 0;
            case ARCH_GET_FS:
                return UserAccess.TryWrite(address, current.UserFsBase) ? 0 : -(long)Errno.EFAULT;
            case ARCH_GET_GS:
                return UserAccess.TryWrite(address, current.UserGsBase) ? 0 : -(long)Errno.EFAULT;
            default:
                return -(long)Errno.EINVAL;
        }
    }

    /// <summary>Only Linux's own execution domain; 0xffffffff asks.</summary>
    public static long Personality(uint wanted) => wanted is 0 or uint.MaxValue ? 0 : -(long)Errno.EINVAL;
}
