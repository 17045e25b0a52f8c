// How tasks become runnable. A waker holds the task's WakeLock, so one wake-up or move happens at a time; under its run queue's lock it sees
// the task either still queued (then only its state changes) or wholly switched away.
// No wake-up is lost: the sleeper publishes its state with a full barrier before it tests its condition; the waker has made the condition
// true before it takes WakeLock (a full barrier) and reads the state.
// Contexts: any unless said otherwise. Linux: try_to_wake_up(), wake_up_new_task(), set_special_state().
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>Makes a sleeping task run if its state is among <paramref name="states"/>. Any context. True: it was asleep and is woken.</summary>
    public static bool TryToWakeUp(Task task, TaskState states)
    {
        Cpu.Interleave();
        using (task.WakeLock.Acquire())
        {
            if ((task.State & states) == 0)
                return false;
            var queue = LockQueueOf(task);
            var state = task.State;
            if (task.QueueState == QueueState.Off)
            {
                if (CountsAsLoad(state))
                    queue.Uninterruptible--;
                queue = MoveSleeper(queue, task);
                Activate(queue, task, QueueReason.Sleep);
            }

            task.ChangeState(TaskState.Running, Who.Waker);
            queue.Lock.Release(false);
            return true;
        }
    }

    /// <summary>Puts a new task on a run queue for the first time. Any context.</summary>
    public static void WakeUpNew(Task task)
    {
        using (task.WakeLock.Acquire())
        {
            task.CpuIndex = Placement.Spread(task, AllowedCpus(task));
            var queue = LockQueueOf(task);
            Activate(queue, task, QueueReason.New);
            task.ChangeState(TaskState.Running, Who.Waker);
            queue.Lock.Release(false);
        }
    }

    /// <summary>Sets a state that a stray wake-up must not overwrite: Stopped, Traced, Parked, Dead. The running task itself.</summary>
    public static void SetSpecialState(Task current, TaskState state)
    {
        using (current.WakeLock.Acquire())
            current.SetState(state);
    }

    /// <summary>True when a signal must end a sleep in <paramref name="state"/>.</summary>
    public static bool IsSleepInterrupted(Task task, TaskState state)
    {
        if ((state & TaskState.Interruptible) != 0)
        {
            if (FaultInjection.ShouldInterrupt(task))
                WorkFlag.Set(task, WorkFlag.SignalPending);
            return task.HasSignalPending || WorkFlag.IsSet(task, WorkFlag.MustExit);
        }

        return (state & TaskState.WakeKill) != 0 && WorkFlag.IsSet(task, WorkFlag.MustExit);
    }

    /// <summary>Sleeps in the state already set, at most until <paramref name="deadline"/> on the monotonic clock, and the task's slack. True: the deadline has passed.</summary>
    public static bool ScheduleUntil(long deadline)
    {
        if (deadline == long.MaxValue)
        {
            Schedule();
            return false;
        }

        var current = Task.Current;
        if (deadline <= TimeKeeper.Monotonic)
        {
            current.SetStateRelaxed(TaskState.Running);
            return true;
        }

        var timer = current.SleepTimer;
        timer.Start(deadline, ClockBase.Monotonic, current.SleepSlack);
        Schedule();
        timer.Cancel();
        return TimeKeeper.Monotonic >= deadline;
    }

    /// <summary>Makes a task that runs on another CPU look at its work flags soon. Any context.</summary>
    public static void Kick(Task task)
    {
        var wereOn = Cpu.DisableInterrupts();
        var cpu = task.CpuIndex;
        if (cpu != Cpu.Id && RunQueue.Of(cpu).Running == task)
            Cpu.SendReschedule(cpu);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>Locks the run queue that a task belongs to; interrupts are off already.</summary>
    internal static RunQueue LockQueueOf(Task task)
    {
        while (true)
        {
            var queue = RunQueue.Of(task.CpuIndex);
            queue.Lock.AcquireUnguarded();
            if (task.CpuIndex == queue.Index)
                return queue;
            queue.Lock.Release(false);
        }
    }

    /// <summary>Where the task may run now. Never empty: when none of its CPUs runs, any will do.</summary>
    internal static CpuSet AllowedCpus(Task task)
    {
        var online = Online;
        var allowed = task.Affinity.And(online);
        return allowed.IsEmpty ? online : allowed;
    }

    // The sleeper's queue is locked, and so is its WakeLock. Returns the queue where it goes, locked.
    private static RunQueue MoveSleeper(RunQueue queue, Task task)
    {
        var cpu = task.Class.SelectCpu(task, AllowedCpus(task));
        if (cpu == queue.Index)
            return queue;
        task.CpuIndex = cpu;
        queue.Lock.Release(false);
        var target = RunQueue.Of(cpu);
        target.Lock.AcquireUnguarded();
        return target;
    }

    /// <summary>
    /// Puts a task on the locked queue of its CPU and lets it preempt whom it beats. Its state stays: one that only moves may have been preempted on
    /// its way to sleep, or to its end.
    /// </summary>
    private static void Activate(RunQueue queue, Task task, QueueReason reason)
    {
        CpuTime.Update(queue, Clock.Now);
        task.QueueState = QueueState.On;
        task.Class.Enqueue(queue, task, reason);
        queue.CountRunnable(1);
        PreemptIfBetter(queue, task);
    }

    private static bool PreemptIfBetter(RunQueue queue, Task woken)
    {
        var running = queue.Current;
        if (woken.Class.Rank > running.Class.Rank || (woken.Class == running.Class && !woken.Class.Preempts(queue, woken, running)))
            return false;
        Reschedule(queue);
        return true;
    }

    /// <summary>Makes a CPU choose anew as soon as it can. Its queue is locked.</summary>
    internal static void Reschedule(RunQueue queue)
    {
        if (WorkFlag.IsSet(queue.Current, WorkFlag.NeedReschedule))
            return;
        WorkFlag.Set(queue.Current, WorkFlag.NeedReschedule);
        if (queue.Index != Cpu.Id)
            Cpu.SendReschedule(queue.Index);
    }
}
