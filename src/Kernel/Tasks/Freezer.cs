// The freezer sets tasks aside so that nothing changes: first user tasks, then kernel threads that want it and freezable work queues; thawing goes
// the other way. A user task is frozen on its way to user mode (it is given a signal that is none), a kernel thread where its loop calls
// TryToFreeze, and whoever sleeps in a state that says so (TaskState.Freezable) just there: it is woken by thawing, and looks again.
// No order is lost: it is given, then the task is woken; the task says that it is frozen, with a full barrier, then looks whether it must be. Who
// slipped through is found by the next look of the freezer, which goes on looking until all stand still or its time is up.
// Contexts: process; all may sleep. Locks: TaskTree.Lock to walk the tasks; one freezer at a time, the owner of s_owner.
// Linux: freeze_processes(), freeze_kernel_threads(), thaw_processes(), try_to_freeze(), set_freezable().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

public static class Freezer
{
    private const long Millisecond = 1_000_000, UsualLimit = 20_000 * Millisecond, LongestPause = 8 * Millisecond;

    private enum Depth
    {
        None,
        UserTasks,
        KernelThreads,
    }

    private static int s_depth;
    private static Task? s_owner;

    /// <summary>Boot.</summary>
    public static void Init()
    {
        s_depth = 0;
        s_owner = null;
    }

    /// <summary>True while that task has to stand still, or to look for a place where it can.</summary>
    public static bool MustFreeze(Task task)
    {
        var depth = (Depth)Volatile.Read(ref s_depth);
        return depth != Depth.None && Concerns(task, depth);
    }

    /// <summary>Kernel threads are left alone unless they say that they may be frozen, themselves.</summary>
    public static void SetFreezable() => Task.Current.IsFreezable = true;

    /// <summary>Stands still while the system is frozen. A point where the calling task holds nothing. May sleep. True: it was frozen.</summary>
    public static bool TryToFreeze()
    {
        var current = Task.Current;
        if (!MustFreeze(current))
            return false;
        var wasFrozen = false;
        while (true)
        {
            if (WaitFaults.Has(WaitFault.FrozenTooLate) && !MustFreeze(current))
                break;
            Scheduler.SetSpecialState(current, TaskState.Frozen);
            if (!WaitFaults.Has(WaitFault.FrozenTooLate) && !MustFreeze(current))
                break;
            Scheduler.Schedule();
            wasFrozen = true;
        }

        current.SetStateRelaxed(TaskState.Running);
        return wasFrozen;
    }

    /// <summary>Freezes all user tasks but the caller. EBUSY: there is another freezer, or some task did not stand still in time, and all go on. May sleep.</summary>
    public static Errno FreezeProcesses(long limit = UsualLimit)
    {
        if (Interlocked.CompareExchange(ref s_owner, Task.Current, null) is not null)
            return Errno.EBUSY;
        var error = Freeze(Depth.UserTasks, limit);
        if (error != Errno.None)
            ThawProcesses();
        return error;
    }

    /// <summary>After <see cref="FreezeProcesses"/>, by the same task: freezable kernel threads and work queues too. EBUSY: those go on. May sleep.</summary>
    public static Errno FreezeKernelThreads(long limit = UsualLimit)
    {
        WorkQueues.FreezeBegin();
        var error = Freeze(Depth.KernelThreads, limit);
        if (error != Errno.None)
            ThawKernelThreads();
        return error;
    }

    /// <summary>Kernel threads and work queues go on; user tasks stay frozen. May sleep.</summary>
    public static void ThawKernelThreads()
    {
        Volatile.Write(ref s_depth, (int)Depth.UserTasks);
        WorkQueues.Thaw();
        WakeFrozen();
    }

    /// <summary>All go on. May sleep.</summary>
    public static void ThawProcesses()
    {
        Volatile.Write(ref s_depth, (int)Depth.None);
        WorkQueues.Thaw();
        WakeFrozen();
        Volatile.Write(ref s_owner, null);
    }

    private static bool Concerns(Task task, Depth depth) =>
        task != s_owner && (task.IsKernelThread ? depth == Depth.KernelThreads && task.IsFreezable : !task.IsIdle);

    private static Errno Freeze(Depth depth, long limit)
    {
        Interlocked.Exchange(ref s_depth, (int)depth);
        Cpu.Interleave();
        var end = Deadline.After(TimeKeeper.Monotonic, limit);
        for (var pause = Millisecond; ; pause = System.Math.Min(2 * pause, LongestPause))
        {
            var restless = AskAll(depth);
            if (restless == 0 && !(depth == Depth.KernelThreads && WorkQueues.IsFreezeBusy()))
                return Errno.None;
            if (TimeKeeper.Monotonic >= end)
                return Errno.EBUSY;
            Sleep.For(pause, TaskState.Uninterruptible);
        }
    }

    /// <summary>Tells every task concerned to stand still; returns how many do not yet.</summary>
    private static int AskAll(Depth depth)
    {
        var restless = 0;
        using (TaskTree.Lock.Acquire())
        {
            for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
            {
                for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
                {
                    if (Concerns(thread, depth) && !StandsStill(thread))
                        restless++;
                }
            }
        }

        return restless;
    }

    // Stopped is as good as frozen: its way to user mode leads past the freezer. What has ended goes nowhere.
    private static bool StandsStill(Task task)
    {
        if (task.ExitState != ExitState.Alive || (task.State & (TaskState.Frozen | TaskState.Stopped | TaskState.Traced | TaskState.Dead)) != 0)
            return true;
        if (Scheduler.TryToFreezeAsleep(task))
            return true;
        if (task.IsKernelThread)
        {
            Scheduler.TryToWakeUp(task, TaskState.Normal);
            return false;
        }

        WorkFlag.Set(task, WorkFlag.SignalPending);
        if (!Scheduler.TryToWakeUp(task, TaskState.Interruptible))
            Scheduler.Kick(task);
        return false;
    }

    // Whoever is frozen after this has not looked yet whether it must be.
    private static void WakeFrozen()
    {
        Interlocked.MemoryBarrier();
        Cpu.Interleave();
        using (TaskTree.Lock.Acquire())
        {
            for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
            {
                for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
                {
                    if (!MustFreeze(thread) && !WaitFaults.Has(WaitFault.ThawForgotten))
                        Scheduler.TryToWakeUp(thread, TaskState.Frozen);
                }
            }
        }
    }
}
