// POSIX timers: made, set, read, deleted. A periodic timer that has fired rests until its signal is delivered, and goes on from there past
// all periods gone by, which the signal reports as overruns: none is lost, none is told twice, and no interval is too short.
// Contexts: process, but for Fire (hardirq). Lock: TaskTree.Lock guards all timers; a timer's callback that is under way while the timer is
// deleted finds that out under the lock, and the object goes back to its pool only after the callback has ended.
// Linux: posix-timers.c. man 2 timer_create, timer_settime, timer_getoverrun, timer_delete.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal static partial class PosixTimers
{
    /// <summary>
    /// A new timer of the current process, disarmed; its id. <paramref name="wanted"/> null: SIGALRM with the id as value.
    /// EINVAL; EOPNOTSUPP: a clock without timers; EPERM: alarm clocks; EAGAIN: the user's limit of queued signals, or out of memory.
    /// </summary>
    public static Result<int> Create(int clock, in SignalEvent? wanted)
    {
        var error = Clocks.ForTimers(clock);
        if (error != Errno.None)
            return error;
        if (wanted is { IsValid: false })
            return Errno.EINVAL;
        if (!PosixTimer.Pool.TryTake(out var timer))
            return Errno.EAGAIN;
        timer.Reset(Task.Current.Group, clock, wanted ?? new SignalEvent { Signal = SignalNumber.SIGALRM });
        error = Enter(timer, wanted);
        if (error == Errno.None)
            return timer.Id;
        PosixTimer.Pool.Give(timer);
        return error;
    }

    private static Errno Enter(PosixTimer timer, in SignalEvent? wanted)
    {
        using (TaskTree.Lock.Acquire())
        {
            var error = FindThread(timer, wanted);
            if (error == Errno.None && timer.CountsCpuTime)
                error = FindCpuClock(timer);
            if (error != Errno.None)
                return error;
            if (QueuedSignal.TakeForTimer(Task.Current, timer) is not { } entry)
                return Errno.EAGAIN;
            timer.Entry = entry;
            timer.Id = FreeId(timer.Process);
            if (wanted is null)
                timer.Value = (uint)timer.Id;
            timer.Process.PosixTimers.Insert(timer);
            return Errno.None;
        }
    }

    private static Errno FindThread(PosixTimer timer, in SignalEvent? wanted)
    {
        if (timer.Notify != SignalEvent.SIGEV_THREAD_ID)
            return Errno.None;
        if (TaskTree.Find(wanted!.Value.ThreadId) is not { } thread || thread.Group != timer.Process)
            return Errno.EINVAL;
        timer.ThreadId = thread.Id;
        timer.ThreadSerial = thread.Serial;
        return Errno.None;
    }

    private static Errno FindCpuClock(PosixTimer timer)
    {
        var error = CpuClock.Find(timer.Clock, onlyRead: false, out var clock);
        if (error != Errno.None)
            return error;
        var task = clock.Thread ?? clock.Process!.Leader;
        timer.CpuTaskId = task.Id;
        timer.CpuTaskSerial = task.Serial;
        return Errno.None;
    }

    // Ids go up, so that one just deleted is not soon another timer's.
    private static int FreeId(ThreadGroup process)
    {
        while (true)
        {
            var id = process.NextPosixTimer;
            process.NextPosixTimer = id == int.MaxValue ? 0 : id + 1;
            if (process.PosixTimers.Find<int, PosixTimer.ById>(id) is null)
                return id;
        }
    }

    /// <summary>Arms or, with <paramref name="value"/> zero, disarms a timer of the current process. Nanoseconds. EINVAL; ESRCH: its CPU clock is gone.</summary>
    public static Errno Set(int id, bool isAbsolute, long value, long interval, out long oldValue, out long oldInterval)
    {
        oldValue = oldInterval = 0;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } timer)
                return Errno.EINVAL;
            var clock = default(CpuClock);
            if (timer.CountsCpuTime && !TryFindCpuClock(timer, out clock))
                return Errno.ESRCH;
            GetLocked(timer, out oldValue, out oldInterval);
            Disarm(timer);
            timer.OverrunsTold = 0;
            if (value == 0)
                return Errno.None;
            timer.Interval = interval;
            timer.State = PosixTimerState.Armed;
            SetDeadline(timer, isAbsolute, value, clock);
            Start(timer);
            return Errno.None;
        }
    }

    /// <summary>Time left (zero: disarmed) and interval of a timer of the current process. EINVAL.</summary>
    public static Errno Get(int id, out long value, out long interval)
    {
        value = interval = 0;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } timer)
                return Errno.EINVAL;
            GetLocked(timer, out value, out interval);
            return Errno.None;
        }
    }

    /// <summary>How many further expirations the signal delivered last stood for. EINVAL.</summary>
    public static Result<int> GetOverrun(int id)
    {
        using (TaskTree.Lock.Acquire())
            return Find(id) is { } timer ? timer.OverrunsTold : Errno.EINVAL;
    }

    /// <summary>Deletes a timer of the current process; a signal of it that still waits goes with it. EINVAL.</summary>
    public static Errno Delete(int id)
    {
        PosixTimer? timer;
        using (TaskTree.Lock.Acquire())
        {
            timer = Find(id);
            if (timer is null)
                return Errno.EINVAL;
            Unlink(timer);
        }

        Free(timer);
        return Errno.None;
    }

    /// <summary>Deletes all timers of the current process, one at a time: exec, and the end of the last thread.</summary>
    public static void DeleteAll()
    {
        var process = Task.Current.Group;
        while (true)
        {
            PosixTimer? timer;
            using (TaskTree.Lock.Acquire())
            {
                timer = process.PosixTimers.First;
                if (timer is null)
                    return;
                Unlink(timer);
            }

            Free(timer);
        }
    }

    // Out of everything that is guarded by the lock. What may be left is a callback of the real timer.
    private static void Unlink(PosixTimer timer)
    {
        Disarm(timer);
        timer.State = PosixTimerState.Deleted;
        timer.Process.PosixTimers.Remove(timer);
        SignalSender.Unqueue(timer.Entry, timer.QueuedOn, timer.Process);
        QueuedSignal.GiveBack(timer.Entry);
    }

    private static void Free(PosixTimer timer)
    {
        if (!PosixTimerFaults.Has(PosixTimerFault.FreedUnderCallback))
            timer.Real.Cancel();
        Invariant.That(!timer.Real.IsActive, "the callback of a timer that is freed has ended");
        PosixTimer.Pool.Give(timer);
    }

    private static PosixTimer? Find(int id) => id < 0 ? null : Task.Current.Group.PosixTimers.Find<int, PosixTimer.ById>(id);
}
