// Orders to kernel threads: stop, park, go on. A thread obeys at points of its choosing: its loop asks ShouldStop and ShouldPark.
// No order is lost: it is written, then the thread is woken; the thread publishes that it sleeps, then looks for orders.
// Contexts: Stop and Park sleep until they are obeyed: process. The others say. Locks: none of its own. One controller of a thread at a time.
// Linux: kthread_stop(), kthread_should_stop(), kthread_park(), kthread_unpark(), kthread_parkme().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

public static partial class KernelThread
{
    private const int StopOrder = 1 << 0, ParkOrder = 1 << 1;

    /// <summary>The calling kernel thread was told to end: its function should return soon. Its own context.</summary>
    public static bool ShouldStop => HasOrder(StopOrder);

    /// <summary>The calling kernel thread was told to park: it should call <see cref="ParkHere"/> soon. Its own context.</summary>
    public static bool ShouldPark => HasOrder(ParkOrder);

    private static bool HasOrder(int order) => Task.Current.ThreadState is { } state && (Volatile.Read(ref state.Orders) & order) != 0;

    /// <summary>
    /// Tells a kernel thread to end, and waits until it has. One that never ran does not run its function. The caller knows that the task object
    /// lives: the thread does not end by itself, or the caller counted itself in (<see cref="Task.AddUser"/>). May sleep.
    /// </summary>
    /// <returns>What the thread's function returned; -EINTR when it never ran.</returns>
    public static int Stop(Task task)
    {
        var state = task.ThreadState!;
        task.AddUser();
        Interlocked.Or(ref state.Orders, StopOrder);
        Cpu.Interleave();
        Unpark(task);
        Wake(task);
        state.Ended.Wait();
        var code = state.ExitCode;
        task.Drop();
        return code;
    }

    /// <summary>Tells a kernel thread to park, and waits until it stands still. The caller knows that the task object lives. May sleep.</summary>
    /// <returns>EBUSY: told already; ENOSYS: it has ended, or ended instead.</returns>
    public static Errno Park(Task task)
    {
        var state = task.ThreadState!;
        if (state.Ended.IsDone)
            return Errno.ENOSYS;
        if ((Interlocked.Or(ref state.Orders, ParkOrder) & ParkOrder) != 0)
            return Errno.EBUSY;
        Cpu.Interleave();
        if (task == Task.Current)
            return Errno.None;
        Wake(task);
        state.Parked.Wait();
        return state.Ended.IsDone ? Errno.ENOSYS : Errno.None;
    }

    /// <summary>Lets a parked kernel thread go on. Any context.</summary>
    public static void Unpark(Task task)
    {
        if ((Interlocked.And(ref task.ThreadState!.Orders, ~ParkOrder) & ParkOrder) == 0)
            return;
        Cpu.Interleave();
        Scheduler.TryToWakeUp(task, TaskState.Parked);
    }

    /// <summary>Stands still until <see cref="Unpark"/>; returns at once unless told to park. The thread itself; may sleep.</summary>
    /// <remarks>Parked is a state of its own: no other wake-up ends it, and the one of Unpark cannot be lost between the look and the sleep.</remarks>
    public static void ParkHere()
    {
        var current = Task.Current;
        while (true)
        {
            Scheduler.SetSpecialState(current, TaskState.Parked);
            if (!ShouldPark)
                break;
            current.ThreadState!.Parked.Complete();
            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
    }

    /// <summary>Gives a kernel thread another name, while it runs too; cut to fifteen bytes. Any context.</summary>
    public static void Rename(Task task, ReadOnlySpan<byte> name)
    {
        using (TaskTree.Lock.Acquire())
            task.SetName(name);
    }

    // One that never ran is woken as a new one; nobody else does that, for it has one controller.
    private static void Wake(Task task)
    {
        if (task.State == TaskState.New)
            Scheduler.WakeUpNew(task);
        else
            Scheduler.TryToWakeUp(task, TaskState.Normal);
    }
}
