// System calls of sleeping. man 2 nanosleep, clock_nanosleep, restart_syscall.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

internal static class SleepCalls
{
    public static long NanoSleep(ulong from, ulong remainingAt)
    {
        if (!UserAccess.TryRead(from, out TimeSpec time))
            return -(long)Errno.EFAULT;
        return time.IsValid ? SleepFor(time.ToNanoseconds(), remainingAt) : -(long)Errno.EINVAL;
    }

    public static long ClockNanoSleep(int clock, int flags, ulong from, ulong remainingAt)
    {
        var error = Clocks.ForSleeping(clock);
        if (error != Errno.None)
            return -(long)error;
        if (!UserAccess.TryRead(from, out TimeSpec time))
            return -(long)Errno.EFAULT;
        if (!time.IsValid)
            return -(long)Errno.EINVAL;
        var isAbsolute = (flags & ClockId.TIMER_ABSTIME) != 0;
        if (CpuClock.IsNumber(clock))
            return SleepOnCpuTime(clock, isAbsolute, time.ToNanoseconds(), isAbsolute ? 0 : remainingAt);
        if (!isAbsolute)
            return SleepFor(time.ToNanoseconds(), remainingAt);
        return -(long)Interrupted(Sleep.Until(time.ToNanoseconds(), Clocks.BaseOf(clock)));
    }

    // An absolute sleep is simply made again when no handler ran.
    private static Errno Interrupted(Errno result) => result == Errno.ERESTARTSYS ? Errno.ERESTARTNOHAND : result;

    // A time span is measured on the monotonic clock whatever clock was named: setting the clock does not change it.
    private static long SleepFor(long nanoseconds, ulong remainingAt) =>
        SleepUntil(Deadline.After(TimeKeeper.Monotonic, nanoseconds), remainingAt);

    private static long SleepUntil(long deadline, ulong remainingAt)
    {
        if (Sleep.Until(deadline) == Errno.None)
            return 0;
        var left = deadline - TimeKeeper.Monotonic;
        if (left <= 0)
            return 0;
        return GoOnLater(new RestartBlock { Kind = RestartKind.Sleep, Deadline = deadline, Address = remainingAt, Second = (ulong)left }, left);
    }

    private static long SleepOnCpuTime(int clock, bool isAbsolute, long time, ulong remainingAt)
    {
        var error = CpuSleep.Until(clock, isAbsolute, time, out var deadline, out var left);
        if (error != Errno.ERESTARTSYS)
            return -(long)error;
        if (isAbsolute && remainingAt == 0)
            return -(long)Errno.ERESTARTNOHAND;
        if (left <= 0)
            return 0;
        return GoOnLater(new RestartBlock { Kind = RestartKind.CpuSleep, Deadline = deadline, Address = remainingAt, First = (uint)clock }, left);
    }

    private static long GoOnLater(in RestartBlock restart, long left)
    {
        if (restart.Address != 0 && !UserAccess.TryWrite(restart.Address, TimeSpec.From(left)))
            return -(long)Errno.EFAULT;
        Task.Current.Restart = restart;
        return -(long)Errno.ERESTART_RESTARTBLOCK;
    }

    /// <summary>Goes on with what a signal interrupted when no handler ran.</summary>
    public static long RestartSyscall()
    {
        var restart = Task.Current.Restart;
        Task.Current.Restart = default;
        if (PosixTimerFaults.Has(PosixTimerFault.SleepStartsAnew))
            restart.Deadline = TimeKeeper.Monotonic + (long)restart.Second;
        return restart.Kind switch
        {
            RestartKind.Sleep => SleepUntil(restart.Deadline, restart.Address),
            RestartKind.CpuSleep => SleepOnCpuTime((int)restart.First, isAbsolute: true, restart.Deadline, restart.Address),
            RestartKind.FutexWait => Futex.ResumeWait(restart),
            RestartKind.Poll => PollCalls.PollUntil(restart.Address, (uint)restart.First, restart.Deadline),
            _ => -(long)Errno.EINTR,
        };
    }
}
