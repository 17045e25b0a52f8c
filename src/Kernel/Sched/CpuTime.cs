// Who used the CPU, and for what. A task's run time is measured exactly at switches and ticks; how it splits into user and system is
// estimated from where ticks found it. Process totals are kept as they grow, so nobody walks threads to read them.
// Contexts: any. Locks: Update with the run queue's lock held. Linux: update_curr(), account_process_tick(), cputime_adjust().
using System.Threading;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

internal static class CpuTime
{
    /// <summary>Nanoseconds of a tick.</summary>
    public const long TickLength = 4_000_000;

    /// <summary>Brings the running task's account up to <paramref name="now"/>. The queue is locked.</summary>
    public static void Update(RunQueue queue, long now)
    {
        var task = queue.Current;
        var used = now - task.RunningSince;
        if (task == queue.Idle || used <= 0)
            return;
        task.RunningSince = now;
        task.RunTime += used;
        if (ProcessOf(task) is { } process)
            Interlocked.Add(ref process.RunTime, used);
        task.Class.Account(queue, task, used);
    }

    /// <summary>The tick found <paramref name="current"/> running. Hardirq.</summary>
    public static void CountTicks(RunQueue queue, Task current, long now, int ticks, bool fromUser)
    {
        if (current == queue.Idle)
            return;
        CpuStatistics.Of(queue.Index).Tick(now, fromUser, current.Nice > 0);
        if (fromUser)
            current.UserTicks += ticks;
        else
            current.SystemTicks += ticks;
        if (ProcessOf(current) is not { } process)
            return;
        if (fromUser)
            Interlocked.Add(ref process.UserTicks, ticks);
        else
            Interlocked.Add(ref process.SystemTicks, ticks);
    }

    /// <summary>This CPU changes from or to its idle task. Interrupts off.</summary>
    public static void CountIdleSwitch(RunQueue queue, Task current, long now)
    {
        var statistics = CpuStatistics.Of(queue.Index);
        if (current == queue.Idle)
            statistics.StopIdle(now);
        else
            statistics.StopBusy(now, !current.IsKernelThread && current.UserTicks >= current.SystemTicks, current.Nice > 0);
    }

    // Null for a task on its last steps: its process may have been reaped, and the object be another process by now.
    private static ThreadGroup? ProcessOf(Task task) => task.HasNotified ? null : task.Group;

    /// <summary>The run time up to now, also of a task that runs.</summary>
    public static long Total(Task task)
    {
        var wereOn = Cpu.DisableInterrupts();
        var queue = Scheduler.LockQueueOf(task);
        if (queue.Current == task)
            Update(queue, Clock.Now);
        var total = task.RunTime;
        queue.Lock.Release(false);
        Cpu.RestoreInterrupts(wereOn);
        return total;
    }

    public static void Split(Task task, out long user, out long system)
    {
        Split(Total(task), task.UserTicks, task.SystemTicks, ref task.UserTimeTold, ref task.SystemTimeTold);
        user = task.UserTimeTold;
        system = task.SystemTimeTold;
    }

    /// <summary>Times of all threads that the process has or had.</summary>
    public static void Split(ThreadGroup process, out long user, out long system)
    {
        var current = Task.Current;
        if (current.Group == process)
            Total(current); // brings the process's account up to date
        Split(Volatile.Read(ref process.RunTime), process.UserTicks, process.SystemTicks, ref process.UserTimeTold, ref process.SystemTimeTold);
        user = process.UserTimeTold;
        system = process.SystemTimeTold;
    }

    /// <summary>Splits an exact total by a sampled proportion, so that neither part ever falls below what was told before.</summary>
    internal static void Split(long total, long userTicks, long systemTicks, ref long userTold, ref long systemTold)
    {
        var system = systemTicks == 0 ? 0 : userTicks == 0 ? total : Scale(total, systemTicks, userTicks + systemTicks);
        if (system < systemTold)
            system = systemTold;
        var user = total - system;
        if (user < userTold)
        {
            user = userTold;
            system = total - user;
        }

        if (user + system < userTold + systemTold)
            return;
        userTold = user;
        systemTold = system;
    }

    // total * part / whole without overflow.
    private static long Scale(long total, long part, long whole) => total / whole * part + total % whole * part / whole;
}
