// The wait_event family: sleep until a condition holds. The forms differ in the state slept in (what may end the wait besides), in a limit of
// time, and in what is done around the sleep. States: Uninterruptible (nothing else ends it), Interruptible (any signal), Killable (a fatal
// one), Idle (nothing, and no load); each with Freezable where the sleeper may be frozen as it is.
// Conditions are static lambdas: a capturing one would allocate. They must not sleep, for the task's state says so already. They may take what was
// waited for; an exclusive sleeper, which is woken alone, must then be woken by whoever gives it back.
// Context: process, may sleep. Locks: the queue's; around the sleep as each form says.
// Linux: wait_event(), wait_event_hrtimeout(), wait_event_timeout(), wait_event_cmd(), wait_event_lock_irq() and their kin.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

public sealed partial class WaitQueue
{
    /// <summary>Sleeps until <paramref name="condition"/> holds for <paramref name="subject"/>. May sleep.</summary>
    /// <returns>None, or ERESTARTSYS when a signal came first (Interruptible and Killable states only).</returns>
    public Errno WaitEvent<T>(T subject, Func<T, bool> condition, TaskState state = TaskState.Interruptible, bool exclusive = false) =>
        WaitEventUntil(subject, condition, long.MaxValue, state, exclusive);

    /// <summary>Like <see cref="WaitEvent"/>, but gives up at <paramref name="deadline"/> (monotonic nanoseconds; long.MaxValue: never).</summary>
    /// <returns>None; ERESTARTSYS; or ETIMEDOUT with the condition still false.</returns>
    public Errno WaitEventUntil<T>(T subject, Func<T, bool> condition, long deadline, TaskState state = TaskState.Interruptible, bool exclusive = false)
    {
        Context.MightSleep();
        if (condition(subject))
            return Errno.None;
        var wait = new Waiting(this, state, exclusive);
        wait.LimitUntil(deadline);
        for (wait.Prepare(); !condition(subject) && wait.MayGoOn(); wait.Prepare())
            wait.Sleep();
        return wait.Finish();
    }

    /// <summary>Like <see cref="WaitEvent"/>, but for <paramref name="ticks"/> at most, by the coarse timers. May sleep.</summary>
    /// <returns>The ticks left, at least one, when the condition holds; zero when it does not and they are used up; ERESTARTSYS.</returns>
    public Result<long> WaitEventTimeout<T>(T subject, Func<T, bool> condition, long ticks, TaskState state = TaskState.Uninterruptible, bool exclusive = false)
    {
        Context.MightSleep();
        if (condition(subject))
            return Math.Max(ticks, 1);
        var wait = new Waiting(this, state, exclusive);
        wait.LimitTicks(ticks);
        for (wait.Prepare(); !condition(subject) && wait.MayGoOn(); wait.Prepare())
            wait.Sleep();
        var result = wait.Finish();
        return result switch
        {
            Errno.None => Math.Max(wait.TicksLeft, 1),
            Errno.ETIMEDOUT => 0,
            _ => result,
        };
    }

    /// <summary>
    /// Like <see cref="WaitEvent"/>, with something done right before each sleep and after it: to let go of what would keep others from making the condition
    /// true. <paramref name="before"/> runs while the task's state says that it sleeps, and must not sleep itself. May sleep.
    /// </summary>
    public Errno WaitEventCommand<T>(
        T subject, Func<T, bool> condition, Action<T> before, Action<T> after, TaskState state = TaskState.Uninterruptible, bool exclusive = false)
    {
        Context.MightSleep();
        if (condition(subject))
            return Errno.None;
        var wait = new Waiting(this, state, exclusive);
        for (wait.Prepare(); !condition(subject) && wait.MayGoOn(); wait.Prepare())
        {
            before(subject);
            wait.Sleep();
            after(subject);
        }

        return wait.Finish();
    }

    /// <summary>
    /// Like <see cref="WaitEvent"/>, called with a spin lock held, alone, from a place with interrupts on: the condition is looked at under it, the sleep is
    /// without it, and it is held again at return, whatever the result.
    /// </summary>
    [AsksContext] // it holds nothing when it sleeps
    public Errno WaitEventHolding<T, TRank, TPolicy>(
        ref SpinLock<TRank, TPolicy> held, T subject, Func<T, bool> condition, TaskState state = TaskState.Uninterruptible, bool exclusive = false)
        where TRank : struct, ILockRank
        where TPolicy : struct, IInterruptPolicy
    {
        if (condition(subject))
            return Errno.None;
        var wait = new Waiting(this, state, exclusive);
        for (wait.Prepare(); !condition(subject) && wait.MayGoOn(); wait.Prepare())
        {
            held.Release(true);
            wait.Sleep();
            held.AcquireUnguarded();
        }

        return wait.Finish();
    }

    /// <summary>
    /// Like <see cref="WaitEventHolding"/>, where the lock that guards the condition is this queue's own (<see cref="Lock"/>), and its wakers call
    /// <see cref="WakeUpLocked"/>: one lock for both.
    /// </summary>
    [AsksContext] // it holds nothing when it sleeps
    public Errno WaitEventLocked<T>(T subject, Func<T, bool> condition, TaskState state = TaskState.Interruptible, bool exclusive = false)
    {
        if (condition(subject))
            return Errno.None;
        var wait = new Waiting(this, state, exclusive);
        for (wait.PrepareLocked(); !condition(subject) && wait.MayGoOn(); wait.PrepareLocked())
        {
            _lock.Release(true);
            wait.Sleep();
            _lock.AcquireUnguarded();
        }

        return wait.FinishLocked();
    }
}
