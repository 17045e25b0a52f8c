// Changes of a task's policy, priority and CPUs, and the start of a child. Each is done under WakeLock and the queue's lock: the task is taken
// off its queue, changed, and put on again, so that a class never sees its tasks change under it.
// Contexts: process (Yield), any (the others). Linux: __sched_setscheduler(), set_user_nice(), __set_cpus_allowed_ptr(), sched_fork().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>Gives a child its scheduling state: the parent's policy and CPUs, no time used. Nobody knows the child yet.</summary>
    /// <remarks>WakeLock stays as it is: somebody late may still hold it for the object's last life.</remarks>
    public static void ForkScheduling(Task parent, Task child)
    {
        child.PreemptCount = CountAtSwitch;
        child.HeldCount = 0;
        child.SleepingLocks = 0;
        child.CpuIndex = parent.CpuIndex;
        child.QueueState = QueueState.Off;
        child.Affinity = parent.IsIdle ? CpuSet.FirstN(Cpu.Count) : parent.Affinity;
        child.IsBound = false;
        CopyPolicy(parent, child);
        child.VirtualRunTime = 0;
        child.AverageSleep = 0;
        child.TurnLeft = 0;
        child.HasExpired = false;
        child.IsFirstTurn = false;
        child.RunTime = 0;
        child.RunTimeAtPick = 0;
        child.RunningSince = Clock.Now;
        child.UserTicks = 0;
        child.SystemTicks = 0;
        child.UserTimeTold = 0;
        child.SystemTimeTold = 0;
        child.VoluntarySwitches = 0;
        child.InvoluntarySwitches = 0;
        child.Class.Fork(parent, child);
    }

    private static void CopyPolicy(Task parent, Task child)
    {
        child.Policy = parent.Policy;
        child.Nice = parent.Nice;
        child.RealTimePriority = parent.RealTimePriority;
        child.ResetOnFork = false;
        if (parent.ResetOnFork)
        {
            if (SchedulingPolicy.IsRealTime(child.Policy))
                child.Policy = SchedulingPolicy.SCHED_OTHER;
            child.RealTimePriority = 0;
            if (child.Nice < 0)
                child.Nice = 0;
        }

        // What others lend the parent is not the child's.
        child.EffectivePriority = Priorities.NormalOf(child);
        child.Class = ClassOf(child.EffectivePriority);
    }

    /// <summary>Sets the nice value, -20 to 19. Any context.</summary>
    public static void SetNice(Task task, int nice) => SetPolicy(task, task.Policy, task.RealTimePriority, nice, task.ResetOnFork);

    /// <summary>
    /// Sets policy and priorities, which the caller has checked; what others lend the task stays lent, and whom it waits for gets its new priority.
    /// Any context.
    /// </summary>
    public static void SetPolicy(Task task, int policy, int realTimePriority, int nice, bool resetOnFork)
    {
        using (task.WakeLock.Acquire())
        {
            task.ResetOnFork = resetOnFork;
            if (policy == task.Policy && nice == task.Nice && realTimePriority == task.RealTimePriority)
                return;
            var queue = LockQueueOf(task);
            var isOn = task.QueueState == QueueState.On;
            if (isOn)
                TakeOff(queue, task, queue.Current == task, QueueReason.Change);
            var before = task.EffectivePriority;
            task.Policy = policy;
            task.Nice = nice;
            task.RealTimePriority = realTimePriority;
            SetEffective(task, RtMutexFaults.Has(RtMutexFault.PolicyEndsLending) ? Priorities.NormalOf(task) : EffectiveOf(task));
            if (isOn)
                queue = PutOnAgain(queue, task, before);
            queue.Lock.Release(false);
        }

        PriorityChain.Follow(task);
    }

    /// <summary>Whoever lends the task priority has changed: it takes the new effective one. WakeLock held. Linux: rt_mutex_setprio().</summary>
    internal static void LentPriorityChanged(Task task)
    {
        var priority = EffectiveOf(task);
        if (priority == task.EffectivePriority)
            return;
        var queue = LockQueueOf(task);
        var isOn = task.QueueState == QueueState.On;
        if (isOn)
            TakeOff(queue, task, queue.Current == task, QueueReason.Change);
        var before = task.EffectivePriority;
        SetEffective(task, priority);
        if (isOn)
            queue = PutOnAgain(queue, task, before);
        queue.Lock.Release(false);
    }

    private static void SetEffective(Task task, int priority)
    {
        task.EffectivePriority = priority;
        task.Class = ClassOf(priority);
    }

    private static int EffectiveOf(Task task)
    {
        var own = Priorities.NormalOf(task);
        var lent = task.LentPriority;
        return lent < own ? lent : own;
    }

    private static void TakeOff(RunQueue queue, Task task, bool isRunning, QueueReason reason)
    {
        CpuTime.Update(queue, Clock.Now);
        if (isRunning)
            task.Class.Stop(queue, task, reason);
        else
            task.Class.Dequeue(queue, task, reason);
        queue.CountRunnable(-1);
    }

    // The running task is queued like the others and at once taken out again by the choice that it is made to ask for.
    // One that is better than before but must wait here goes where it can run. Returns the queue it is on, locked.
    private static RunQueue PutOnAgain(RunQueue queue, Task task, int before)
    {
        var falls = task.EffectivePriority > before;
        task.Class.Enqueue(queue, task, falls ? QueueReason.Lower : QueueReason.Change);
        queue.CountRunnable(1);
        if (queue.Current == task)
        {
            task.Class.TakeRunning(queue, task);
            if (task.EffectivePriority >= before)
                Reschedule(queue);
            return queue;
        }

        if (PreemptIfBetter(queue, task) || falls || !Priorities.IsRealTime(task.EffectivePriority))
            return queue;
        return task.Class.SelectCpu(task, AllowedCpus(task)) == queue.Index ? queue : MoveWaiting(queue, task);
    }

    /// <summary>
    /// Limits the task to <paramref name="cpus"/>; a task that waits or runs elsewhere moves now (a running one at its next preemption point,
    /// which is asked for). Any context.
    /// </summary>
    /// <returns>EINVAL when none of the CPUs runs.</returns>
    public static Errno SetAffinity(Task task, CpuSet cpus)
    {
        if (cpus.And(Online).IsEmpty)
            return Errno.EINVAL;
        using (task.WakeLock.Acquire())
        {
            var queue = LockQueueOf(task);
            task.Affinity = cpus;
            if (task.QueueState == QueueState.On && !cpus.Contains(queue.Index))
            {
                if (queue.Current == task)
                    Reschedule(queue);
                else
                    queue = MoveWaiting(queue, task);
            }

            queue.Lock.Release(false);
        }

        return Errno.None;
    }

    /// <summary>Ties a kernel thread to a CPU for good. The thread is new or sleeps.</summary>
    public static void Bind(Task task, int cpu)
    {
        using (task.WakeLock.Acquire())
        {
            var queue = LockQueueOf(task);
            task.Affinity = CpuSet.Of(cpu);
            task.IsBound = true;
            queue.Lock.Release(false);
        }
    }

    private static RunQueue MoveWaiting(RunQueue queue, Task task)
    {
        TakeOff(queue, task, isRunning: false, QueueReason.Move);
        task.QueueState = QueueState.Moving;
        var target = MoveSleeper(queue, task);
        Activate(target, task, QueueReason.Move);
        return target;
    }

    // The previous task may not run on the CPU it has just left. It is runnable and on no queue; nobody else puts it on one.
    private static void FinishMove(Task task)
    {
        using (task.WakeLock.Acquire())
        {
            var queue = MoveSleeper(LockQueueOf(task), task);
            Activate(queue, task, QueueReason.Move);
            queue.Lock.Release(false);
        }
    }
}
