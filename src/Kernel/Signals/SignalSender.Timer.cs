// Sending the signals of POSIX timers: each has its own queue entry, so that none can fail to queue; one that still waits is not queued again.
// Contexts: hardirq, process. Lock: TaskTree.Lock held. Linux: posixtimer_send_sigqueue(), send_sigqueue().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Signals;

/// <summary>What became of a timer's signal.</summary>
internal enum TimerSignal
{
    Queued,

    /// <summary>It still waits since the last time.</summary>
    WasQueued,

    /// <summary>The process ignores it.</summary>
    Ignored,

    /// <summary>The thread has ended, or the process ends.</summary>
    NobodyThere,
}

public static partial class SignalSender
{
    /// <summary>Tells a timer's process, or its thread, of an expiration. Lock held.</summary>
    internal static TimerSignal SendTimer(PosixTimer timer)
    {
        var entry = timer.Entry;
        if (entry.IsQueued)
            return TimerSignal.WasQueued;
        var process = timer.Process;
        if (FindTarget(timer) is not { Handlers: { } handlers } target || process.IsExiting)
            return TimerSignal.NobodyThere;
        if (!Prepare(process, handlers, target, timer.Signal))
            return TimerSignal.Ignored;
        entry.Info = new SignalInfo { Signal = timer.Signal, Code = SignalCode.SI_TIMER, ProcessId = timer.Id, Value = timer.Value };
        var toProcess = timer.Notify != SignalEvent.SIGEV_THREAD_ID;
        timer.QueuedOn = toProcess ? null : target;
        if (toProcess)
            process.SharedPending.AddOwned(entry);
        else
            target.PendingSignals.AddOwned(entry);
        Complete(target, handlers, timer.Signal, toProcess);
        return TimerSignal.Queued;
    }

    private static Task? FindTarget(PosixTimer timer)
    {
        if (timer.Notify != SignalEvent.SIGEV_THREAD_ID)
            return timer.Process.Leader;
        return TaskTree.Find(timer.ThreadId) is { } thread && thread.Serial == timer.ThreadSerial && !thread.IsExiting ? thread : null;
    }

    /// <summary>Takes a timer's signal back if it waits: on <paramref name="thread"/>'s queue, or, null, on the process's. Lock held.</summary>
    internal static void Unqueue(QueuedSignal entry, Task? thread, ThreadGroup process)
    {
        if (!entry.IsQueued)
            return;
        if (thread is null)
            process.SharedPending.RemoveOwned(entry);
        else
            thread.PendingSignals.RemoveOwned(entry);
    }
}
