// Sleeping until a process has used so much CPU time. Context: process, may sleep. Lock: TaskTree.Lock guards the alarm.
// No wake-up is lost: the sleeper publishes its state, then looks whether its alarm is set; the tick takes the alarm off, then reads the state.
// Linux: do_cpu_nanosleep(). man 2 clock_nanosleep.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal static class CpuSleep
{
    /// <summary>
    /// Sleeps until the clock of that number shows <paramref name="time"/>, or, relative, so much more. EINVAL: no such clock, or the caller's own;
    /// ERESTARTSYS: a signal came; <paramref name="deadline"/> and <paramref name="left"/> tell how to go on.
    /// </summary>
    public static Errno Until(int number, bool isAbsolute, long time, out long deadline, out long left)
    {
        Context.MightSleep();
        var current = Task.Current;
        var alarm = current.SleepAlarm;
        deadline = left = 0;
        using (TaskTree.Lock.Acquire())
        {
            var error = CpuClock.IsOwnThread(number) ? Errno.EINVAL : CpuClock.Find(number, onlyRead: false, out _);
            if (error != Errno.None)
                return error;
            CpuClock.Find(number, onlyRead: false, out var clock);
            var now = clock.Read();
            deadline = isAbsolute ? time : Deadline.After(now, time);
            if (deadline <= now)
                return Errno.None;
            alarm.Set(clock, deadline);
        }

        var result = Errno.None;
        while (true)
        {
            current.SetState(TaskState.Interruptible);
            if (!alarm.IsSet)
                break;
            if (Scheduler.IsSleepInterrupted(current, TaskState.Interruptible))
            {
                result = Errno.ERESTARTSYS;
                break;
            }

            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        return result == Errno.None ? result : EndEarly(alarm, number, deadline, out left);
    }

    private static Errno EndEarly(CpuAlarm alarm, int number, long deadline, out long left)
    {
        left = 0;
        using (TaskTree.Lock.Acquire())
        {
            if (!alarm.IsSet)
                return Errno.None;
            alarm.Remove();
            if (CpuClock.Find(number, onlyRead: false, out var clock) == Errno.None)
                left = deadline - clock.Read();
            return Errno.ERESTARTSYS;
        }
    }
}
