// The one place that switches tasks. Three phases, as the textbooks draw them: look at the current task (does it sleep, move, or stay?),
// choose the next, switch. The run queue's lock is taken before the first and released after the last by the successor, on its own stack:
// so a task that went to sleep cannot be started elsewhere before this CPU has left its stack.
// Contexts: Schedule in process context, sleeping allowed; the others as they say. Linux: __schedule(), context_switch(),
// finish_task_switch(), preempt_schedule_irq().
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>Gives the CPU to the best task; the caller sleeps if its state says so. Process context, may sleep.</summary>
    public static void Schedule()
    {
        Context.MightSleep();
        if (WorkFlag.IsSet(Cpu.Current, WorkFlag.BottomHalf))
            BottomHalf.Reconcile();
        if (Task.Current.Worker is { } worker)
            ScheduleWorker(worker);
        else
            ScheduleUntilDone();
    }

    // A worker's pool is told, so that it lets the next worker run while this one sleeps.
    private static void ScheduleWorker(Worker worker)
    {
        if (Task.Current.State != TaskState.Running)
            worker.FallsAsleep();
        ScheduleUntilDone();
        worker.Woke();
    }

    /// <summary>Gives others of the caller's class a turn: sched_yield. Process context, may sleep.</summary>
    public static void Yield()
    {
        Context.MightSleep();
        if (WorkFlag.IsSet(Cpu.Current, WorkFlag.BottomHalf))
            BottomHalf.Reconcile();
        Preemption.Disable();
        ScheduleOnce(Cause.Yield);
        Preemption.EnableNoReschedule();
        if (NeedsReschedule)
            ScheduleUntilDone();
        Task.Current.Worker?.Woke();
    }

    private static void ScheduleUntilDone()
    {
        do
        {
            Preemption.Disable();
            ScheduleOnce(Cause.Call);
            Preemption.EnableNoReschedule();
        }
        while (NeedsReschedule);
    }

    /// <summary>Schedule from a preemption point: the caller stays runnable whatever its state. Preemption on, interrupts on.</summary>
    public static void PreemptCurrent()
    {
        do
        {
            Preemption.Disable();
            ScheduleOnce(Cause.Preemption);
            Preemption.EnableNoReschedule();
        }
        while (NeedsReschedule);
    }

    /// <summary>The preemption point at the end of an interrupt: interrupts off at entry and at return. Preemption on.</summary>
    internal static void PreemptFromInterrupt()
    {
        do
        {
            // Interrupts that come now nest once and do not preempt: the stack stays bounded.
            Preemption.Disable();
            Cpu.EnableInterrupts();
            ScheduleOnce(Cause.Preemption);
            Cpu.DisableInterrupts();
            Preemption.EnableNoReschedule();
        }
        while (NeedsReschedule);
    }

    /// <summary>Ends the first switch to a new task: interrupts off at entry, on at return. Call it first in StartTask.</summary>
    public static void FinishSwitch(TaskContext previous)
    {
        var was = (Task)previous;
        var leftover = ReleaseQueue(was);
        Cpu.EnableInterrupts();
        Finish(was, leftover);
        Preemption.Enable();
    }

    /// <summary>The last switch of the running task; what it held must be given back already. Does not return.</summary>
    public static void ExitCurrent()
    {
        var current = Task.Current;
        LockChecks.HoldingNothing(current);
        SetSpecialState(current, TaskState.Dead);
        Schedule();
        Invariant.Fail("a dead task was scheduled");
    }

    private static bool NeedsReschedule => WorkFlag.IsSet(Cpu.Current, WorkFlag.NeedReschedule);

    private enum Cause
    {
        /// <summary>The running task asks, to sleep or because it should.</summary>
        Call,

        /// <summary>The running task lets others go first.</summary>
        Yield,

        /// <summary>The running task was not asked: it stays runnable whatever its state.</summary>
        Preemption,
    }

    // The phases are functions to be read and one to be run: inlined, they need no frames of their own (50 instructions of a switch).
    // Preemption is off (count one). After the switch everything local is another time's: nothing below uses what was read above.
    private static void ScheduleOnce(Cause cause)
    {
        var wereOn = Cpu.DisableInterrupts();
        var queue = RunQueue.Here;
        queue.Lock.AcquireUnguarded();
        var current = queue.Current;
        var now = Clock.Now;
        CpuTime.Update(queue, now);
        WorkFlag.Clear(current, WorkFlag.NeedReschedule);
        if (cause == Cause.Yield)
            current.Class.Yield(queue, current);

        var preempted = cause == Cause.Preemption;
        var isAlone = IsAlone(queue, current, preempted);
        var sleeps = !isAlone && CheckCurrent(queue, current, preempted);
        var next = isAlone ? current : PickNext(queue);
        if (next == current)
        {
            next.RunTimeAtPick = next.RunTime;
            queue.QuietPoints++;
            queue.Lock.Release(false);
            Cpu.RestoreInterrupts(wereOn);
            return;
        }

        CountSwitch(queue, current, next, sleeps, now);
        var previous = SwitchTo(current, next);
        var leftover = ReleaseQueue(previous);
        Cpu.RestoreInterrupts(wereOn);
        Finish(previous, leftover);
    }

    // An ordinary task that goes on and has no other beside it needs neither be queued nor chosen: 300 of the 1,100 instructions of sched_yield.
    private static bool IsAlone(RunQueue queue, Task current, bool preempted) =>
        queue.Runnable == 1 && current.Class == Ordinary && (preempted || current.State == TaskState.Running)
        && current.Affinity.Contains(queue.Index);

    /// <summary>First phase: puts the running task where its state says. True: it gave the CPU up by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool CheckCurrent(RunQueue queue, Task current, bool preempted)
    {
        if (current == queue.Idle)
            return true;
        var state = current.State;
        if (state != TaskState.Running && !preempted)
        {
            if (!IsSleepInterrupted(current, state))
            {
                Deactivate(queue, current, state);
                return true;
            }

            current.SetStateRelaxed(TaskState.Running);
        }

        if (current.Affinity.Contains(queue.Index))
        {
            current.Class.PutBack(queue, current);
        }
        else
        {
            current.Class.Stop(queue, current, QueueReason.Move);
            current.QueueState = QueueState.Moving;
            queue.CountRunnable(-1);
        }

        return false;
    }

    private static void Deactivate(RunQueue queue, Task current, TaskState state)
    {
        current.Class.Stop(queue, current, QueueReason.Sleep);
        current.QueueState = QueueState.Off;
        queue.CountRunnable(-1);
        if (CountsAsLoad(state))
            queue.Uninterruptible++;
    }

    private static bool CountsAsLoad(TaskState state) => (state & (TaskState.Uninterruptible | TaskState.NoLoad)) == TaskState.Uninterruptible;

    /// <summary>Second phase: the best class's best task. Before idling, a look whether another CPU has one to spare.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Task PickNext(RunQueue queue)
    {
        if (queue.Runnable == 0)
            Balancer.PullWhenIdle(queue);
        // Nearly always only ordinary tasks wait, and the others need not be asked: 140 instructions less.
        if (queue.RealTime.Waiting == 0 && Ordinary.PickNext(queue) is { } ordinary)
            return ordinary;
        for (var i = 0; i < s_classes.Length; i++)
        {
            if (s_classes[i].PickNext(queue) is { } task)
                return task;
        }

        return queue.Idle;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CountSwitch(RunQueue queue, Task current, Task next, bool sleeps, long now)
    {
        queue.Switches++;
        if (sleeps)
            current.VoluntarySwitches++;
        else
            current.InvoluntarySwitches++;
        next.RunningSince = now;
        next.RunTimeAtPick = next.RunTime;
        queue.SetCurrent(next);
        if (current == queue.Idle || next == queue.Idle)
            CpuTime.CountIdleSwitch(queue, current, now);
        if (current == queue.Idle)
            CpuTimer.Here.StartTick(now);
    }

    /// <summary>Third phase. Returns on this stack when somebody switches back: with the task that ran before on that CPU.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Task SwitchTo(Task current, Task next)
    {
        AddressSpace.SwitchTask(current, next);
        LockChecks.HandOver(current, next, LockRank.RunQueue);
        return (Task)TaskContext.Switch(current, next);
    }

    private enum Leftover
    {
        Nothing,
        IsDead,
        MustMove,
    }

    // What is to be done for the previous task is read before the lock is released: afterwards it may be awake elsewhere, even ended.
    // A dead task that is still queued was preempted on its way to the last switch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Leftover ReleaseQueue(Task previous)
    {
        var queue = RunQueue.Here;
        var leftover = previous.State == TaskState.Dead && previous.QueueState == QueueState.Off ? Leftover.IsDead
            : previous.QueueState == QueueState.Moving ? Leftover.MustMove
            : Leftover.Nothing;
        queue.Lock.Release(false);
        return leftover;
    }

    private static void Finish(Task previous, Leftover leftover)
    {
        if (leftover == Leftover.IsDead)
            previous.ReleaseAfterLastSwitch();
        else if (leftover == Leftover.MustMove)
            FinishMove(previous);
    }
}
