// System calls of POSIX timers. man 2 timer_create, timer_settime, timer_getoverrun, timer_delete.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class PosixTimerCalls
{
    public static long Create(int clock, ulong eventAt, ulong idAt)
    {
        SignalEvent? wanted = null;
        Span<byte> bytes = stackalloc byte[SignalEvent.Bytes];
        if (eventAt != 0)
        {
            if (!UserMemory.TryRead(eventAt, bytes))
                return -(long)Errno.EFAULT;
            wanted = SignalEvent.Decode(bytes);
        }

        var made = PosixTimers.Create(clock, wanted);
        if (!made.TryGet(out var id))
            return -(long)made.Error;
        if (UserAccess.TryWrite(idAt, id))
            return 0;
        PosixTimers.Delete(id);
        return -(long)Errno.EFAULT;
    }

    public static long SetTime(int id, int flags, ulong from, ulong oldAt)
    {
        if (from == 0)
            return -(long)Errno.EINVAL;
        if (!UserAccess.TryRead(from, out TimerSpec wanted))
            return -(long)Errno.EFAULT;
        if (!wanted.IsValid)
            return -(long)Errno.EINVAL;
        var isAbsolute = (flags & ClockId.TIMER_ABSTIME) != 0;
        var error = PosixTimers.Set(id, isAbsolute, wanted.Value.ToNanoseconds(), wanted.Interval.ToNanoseconds(), out var value, out var interval);
        if (error != Errno.None)
            return -(long)error;
        return oldAt == 0 || UserAccess.TryWrite(oldAt, TimerSpec.From(value, interval)) ? 0 : -(long)Errno.EFAULT;
    }

    public static long GetTime(int id, ulong to)
    {
        var error = PosixTimers.Get(id, out var value, out var interval);
        if (error != Errno.None)
            return -(long)error;
        return UserAccess.TryWrite(to, TimerSpec.From(value, interval)) ? 0 : -(long)Errno.EFAULT;
    }

    public static long GetOverrun(int id)
    {
        var overrun = PosixTimers.GetOverrun(id);
        return overrun.IsOk ? overrun.Value : -(long)overrun.Error;
    }

    public static long Delete(int id) => -(long)PosixTimers.Delete(id);
}
