// /proc/PID/timers: the process's POSIX timers. Process context. Linux: fs/proc/base.c. man 5 proc.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskTimers
{
    public static Errno Write(TaskHandle task, PagedText text)
    {
        for (var id = 0; id >= 0;)
        {
            // One at a time: there may be many, and the lock keeps interrupts off.
            var error = TryWrite(task, ref id, text);
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    // Writes the first timer whose id is at least that, and makes it the next id; -1: there is none.
    private static Errno TryWrite(TaskHandle task, ref int id, PagedText text)
    {
        int signal, notify, clock, target;
        ulong value;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            if (found.Group.PosixTimers.FindAtOrAfter<int, PosixTimer.ById>(id) is not { } timer)
            {
                id = -1;
                return Errno.None;
            }

            id = timer.Id;
            signal = timer.Signal;
            value = timer.Value;
            notify = timer.Notify;
            clock = timer.Clock;
            target = notify == SignalEvent.SIGEV_THREAD_ID ? timer.ThreadId : found.Group.Id;
        }

        var kind = notify & ~SignalEvent.SIGEV_THREAD_ID;
        text.Append($"ID: {id}\nsignal: {signal}/{value:x16}\nnotify: ");
        text.Append(kind == SignalEvent.SIGEV_NONE ? "none"u8 : kind == SignalEvent.SIGEV_THREAD ? "thread"u8 : "signal"u8);
        text.Append(notify == SignalEvent.SIGEV_THREAD_ID ? "/tid."u8 : "/pid."u8);
        text.Append($"{target}\nClockID: {clock}\n");
        id = id == int.MaxValue ? -1 : id + 1;
        return Errno.None;
    }
}
