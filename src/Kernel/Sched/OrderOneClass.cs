// The O(1) policy of Linux 2.6.0 to 2.6.22. A task has a fixed level from its nice value and a turn of so much time; it moves up to five levels
// up for the time it sleeps and as many down for the time it computes, so that who mostly waits for somebody is served at once. Who has used up
// its turn gets the next and waits in the expired array until all others have used up theirs; only one whose level says that it is interactive
// goes to the end of its level instead, as long as nobody starves in the expired array.
// Times are measured to the nanosecond, where Linux counted ticks; a wait on the run queue does not count as sleep.
// Contexts and lock: see SchedulingClass. Linux: kernel/sched.c, recalc_task_prio(), effective_prio(), scheduler_tick(), sched_fork(), sched_exit().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public sealed class OrderOneClass : OrdinaryPolicy
{
    /// <summary>Sleep beyond this counts no more; who has as much moves all levels up.</summary>
    public const long MaximumSleep = 1_000_000_000;

    private const long Millisecond = 1_000_000;

    /// <summary>The shortest turn, and the least time after which equals that are interactive take turns.</summary>
    private const long ShortestTurn = 5 * Millisecond, Granularity = 10 * Millisecond;

    /// <summary>Levels between who computes all the time and who sleeps all the time; the middle is the fixed level.</summary>
    private const int Bonuses = 10;

    /// <summary>How much better than the fixed level an interactive task is, at nice 0.</summary>
    private const int InteractiveLead = 2;

    /// <summary>Percent of the parent's bonus that a child starts with, and how much more the parent's own habits count than a child's.</summary>
    private const int ChildShare = 95, ParentWeight = 3;

    private const int MostLookedAt = 32;

    private readonly OrderOneQueue[] _queues;

    internal OrderOneClass()
    {
        _queues = new OrderOneQueue[Cpu.Count];
        for (var cpu = 0; cpu < _queues.Length; cpu++)
            _queues[cpu] = new OrderOneQueue();
    }

    public override string Name => "o1";

    public override int CountOf(RunQueue queue) => Of(queue).Count;

    /// <summary>5 ms (nice 19), 100 ms (nice 0), 800 ms (nice -20).</summary>
    public override long SliceOf(Task task)
    {
        var level = FixedLevel(task);
        return (OrderOneQueue.Levels - level) * ShortestTurn * (level < OrderOneQueue.Levels / 2 ? 4 : 1);
    }

    public override void Enqueue(RunQueue queue, Task task, QueueReason reason)
    {
        var own = Of(queue);
        own.Count++;
        if (reason == QueueReason.Sleep)
            CreditSleep(task, Clock.Now - task.RunningSince);
        if (task.TurnLeft <= 0)
            task.TurnLeft = SliceOf(task);
        task.OrderOneLevel = LevelOf(task);
        if (task.HasExpired)
            own.AddExpired(task, FixedLevel(task), Clock.Now);
        else
            own.AddActive(task, atEnd: true);
    }

    public override void Dequeue(RunQueue queue, Task task, QueueReason reason)
    {
        task.HasExpired = Of(queue).IsExpired(task);
        Of(queue).Remove(task);
        Leave(queue, task, reason);
    }

    public override void Stop(RunQueue queue, Task task, QueueReason reason) => Leave(queue, task, reason);

    public override Task? PickNext(RunQueue queue)
    {
        var own = Of(queue);
        if (own.First() is not { } first)
            return null;
        own.Remove(first);
        first.HasExpired = false;
        return first;
    }

    public override void TakeRunning(RunQueue queue, Task task) => Of(queue).Remove(task);

    /// <summary>Who was preempted goes on first of its level; who has run a while, last; who has used up its turn, to the expired.</summary>
    public override void PutBack(RunQueue queue, Task task)
    {
        var own = Of(queue);
        task.OrderOneLevel = LevelOf(task);
        if (task.HasExpired)
            own.AddExpired(task, FixedLevel(task), Clock.Now);
        else
            own.AddActive(task, atEnd: HasRunAWhile(task));
    }

    public override void Account(RunQueue queue, Task task, long nanoseconds)
    {
        task.TurnLeft -= nanoseconds;

        // The more it has slept, the less its running tells against it.
        var counted = Math.Min(nanoseconds, MaximumSleep) / Math.Max(BonusOf(task), 1);
        task.AverageSleep = Math.Max(task.AverageSleep - counted, 0);
    }

    public override bool Tick(RunQueue queue, Task task)
    {
        var own = Of(queue);
        if (task.TurnLeft <= 0)
        {
            task.TurnLeft = SliceOf(task);
            task.IsFirstTurn = false;
            if (own.Count == 1)
                return false; // the arrays would change their roles at once
            task.HasExpired = !IsInteractive(task) || IsStarving(own, task);
            return true;
        }

        return HasRunAWhile(task) && IsInteractive(task) && own.HasActiveOn(LevelOf(task));
    }

    public override bool Preempts(RunQueue queue, Task woken, Task running) => !woken.HasExpired && woken.OrderOneLevel < LevelOf(running);

    /// <summary>To the expired: all others go first.</summary>
    public override void Yield(RunQueue queue, Task task) => task.HasExpired = Of(queue).Count > 1;

    public override Task? FindMovable(RunQueue queue, int toCpu) => Of(queue).FindMovable(toCpu, MostLookedAt);

    public override int SelectCpu(Task task, CpuSet allowed) => Placement.Spread(task, allowed);

    /// <summary>The rest of the parent's turn is divided between the two, so that forking gains no time.</summary>
    public override void Fork(Task parent, Task child)
    {
        child.HasExpired = false;
        if (parent.Class is not OrderOneClass || PolicyFaults.Has(PolicyFault.TurnNotDivided))
        {
            child.AverageSleep = 0;
            child.TurnLeft = SliceOf(child);
            child.IsFirstTurn = false;
            return;
        }

        var wereOn = Cpu.DisableInterrupts();
        var queue = Scheduler.LockQueueOf(parent);
        CpuTime.Update(queue, Clock.Now);
        child.AverageSleep = BonusOf(parent) * ChildShare / 100 * (MaximumSleep / Bonuses);
        child.TurnLeft = Math.Max((parent.TurnLeft + 1) / 2, 1);
        child.IsFirstTurn = true;
        parent.TurnLeft /= 2;
        queue.Lock.Release(false);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>A child that ends in its first turn gives the rest back; a greedy one tells against its parent.</summary>
    public override void Exit(Task parent, Task child)
    {
        if (parent.Class != this)
            return;
        var wereOn = Cpu.DisableInterrupts();
        var queue = Scheduler.LockQueueOf(parent);
        if (child.IsFirstTurn && child.TurnLeft > 0)
            parent.TurnLeft = Math.Min(parent.TurnLeft + child.TurnLeft, SliceOf(parent));
        if (child.AverageSleep < parent.AverageSleep)
            parent.AverageSleep = (parent.AverageSleep * ParentWeight + child.AverageSleep) / (ParentWeight + 1);
        queue.Lock.Release(false);
        Cpu.RestoreInterrupts(wereOn);
    }

    private OrderOneQueue Of(RunQueue queue) => _queues[queue.Index];

    private void Leave(RunQueue queue, Task task, QueueReason reason)
    {
        Of(queue).Count--;
        if (reason == QueueReason.Sleep)
            task.HasExpired = false;
    }

    // 0: computes all the time; 10: sleeps all the time.
    private static int BonusOf(Task task) => (int)(task.AverageSleep * Bonuses / MaximumSleep);

    // 0 (nice -20) to 39.
    private static int FixedLevel(Task task) => task.Policy == SchedulingPolicy.SCHED_IDLE ? OrderOneQueue.Levels - 1 : task.Nice - SchedulingPolicy.MinNice;

    private static int LevelOf(Task task)
    {
        var level = FixedLevel(task);
        if (task.Policy == SchedulingPolicy.SCHED_OTHER)
            level -= BonusOf(task) - Bonuses / 2;
        return level < 0 ? 0 : level >= OrderOneQueue.Levels ? OrderOneQueue.Levels - 1 : level;
    }

    // The nicer, the harder: impossible from nice 13 on.
    private static int LeadOf(Task task) => task.Nice * Bonuses / OrderOneQueue.Levels + InteractiveLead;

    private static bool IsInteractive(Task task) => LevelOf(task) <= FixedLevel(task) - LeadOf(task);

    private bool HasRunAWhile(Task task)
    {
        // Granularity doubles for each bonus that is lacking: who computes is not disturbed by its equals.
        var step = Granularity << (Math.Max(Bonuses - BonusOf(task), 1) - 1);
        return task.RunTime - task.RunTimeAtPick >= Math.Min(step, SliceOf(task));
    }

    // Somebody waits in the expired array for too long, or is there though it is better by its nice value.
    private static bool IsStarving(OrderOneQueue own, Task running) =>
        own.HasExpired && !PolicyFaults.Has(PolicyFault.ExpiredForgotten) && (Clock.Now - own.ExpiredSince >= MaximumSleep * own.Count || FixedLevel(running) > own.BestExpired);

    // A long sleep makes a task interactive, and no more; a short one counts the more, the less it has slept before.
    private static void CreditSleep(Task task, long slept)
    {
        if (slept <= 0)
            return;
        var enough = MaximumSleep * (Bonuses / 2 + LeadOf(task) + 1) / Bonuses;
        if (slept > enough)
            task.AverageSleep = Math.Max(task.AverageSleep, MaximumSleep - MaximumSleep / Bonuses);
        else
            task.AverageSleep = Math.Min(task.AverageSleep + slept * Math.Max(Bonuses - BonusOf(task), 1), MaximumSleep);
    }
}
