// What the managed queues know of an item, and what can be done with one that may be queued, running, or both.
// Guards: [pool] the lock of Place.Pool, while Place is set; the fields belong to the owner of PENDING until the item is inserted, and LastPool and
// LastWorker stay as the last insertion and the last run left them. Place is set and cleared under the lock of its pool alone: who holds a
// pool's lock and sees a place of that pool knows that the item is on one of its lists.
// Linux: work->data, try_to_grab_pending(), __flush_work(), cancel_work_sync().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public partial class WorkItem
{
    /// <summary>Where it is queued; null: nowhere, or it runs.</summary>
    internal QueuePlace? Place;

    /// <summary>The pool it was queued on last. Null: never.</summary>
    internal WorkerPool? LastPool;

    /// <summary>The worker that ran it last: runs it now if its CurrentItem says so. [lock of that worker's pool]</summary>
    internal Worker? LastWorker;

    /// <summary>The worker on whose list of taken items it is; null: it is on the pool's or the place's. [pool]</summary>
    internal Worker? Holder;

    /// <summary>Which generation of its place it counts for. [pool]</summary>
    internal int Color;

    /// <summary>Waits for its place's number of active items to fall. [pool]</summary>
    internal bool IsInactive;

    /// <summary>The next item in its list is a barrier that goes wherever this one goes. [pool]</summary>
    internal bool HasFollower;

    /// <summary>Somebody's flush: not counted among the active items.</summary>
    internal bool IsBarrier { get; init; }

    /// <summary>Its handler runs now, as far as can be told. A hint. Linux: work_busy().</summary>
    public bool IsRunning => Volatile.Read(ref LastWorker) is { } worker && Volatile.Read(ref worker.CurrentItem) == this;

    /// <summary>
    /// Waits until what was queued of the item before the call has run to its end. Its owner must keep it alive. May sleep.
    /// </summary>
    /// <returns>None; EDEADLK, reported in the log, when the item's own handler asks.</returns>
    public Errno Flush()
    {
        Context.MightSleep();
        if (this is DelayedWork delayed)
            delayed.ExpireNow();
        if (Worker.Current is { } worker && worker.CurrentItem == this)
            return FlushWaits.ReportOwn(worker.CurrentPlace!.Queue.Name);
        WaitBehind();
        return Errno.None;
    }

    /// <summary>Takes the item off if it waits or its timer runs; it may be running. Process or softirq context.</summary>
    /// <returns>True: it was pending, and will not run for that.</returns>
    public bool Cancel()
    {
        var wasPending = Grab(out var wereOn);
        ReleaseClaim();
        Cpu.RestoreInterrupts(wereOn);
        return wasPending;
    }

    /// <summary>
    /// Takes the item off and waits for its handler to end, keeping it from being queued meanwhile, also by itself. On return it is neither
    /// pending nor running, unless somebody has queued it since. From its own handler it does not wait. May sleep.
    /// </summary>
    /// <returns>True: it was pending.</returns>
    public bool CancelAndWait()
    {
        var wasPending = DisableAndWait();
        Enable();
        return wasPending;
    }

    /// <summary>Like <see cref="CancelAndWait"/>, and it cannot be queued until <see cref="Enable"/>, as often. May sleep.</summary>
    public bool DisableAndWait()
    {
        Context.MightSleep();
        var wasPending = Grab(out var wereOn);
        BeginRefusal();
        ReleaseClaim();
        Cpu.RestoreInterrupts(wereOn);

        // Nothing of it is queued from here on: only what runs already is left to wait for.
        var isOwn = Worker.Current is { } worker && worker.CurrentItem == this;
        if (!isOwn && !BrokenTwin.Is(Mistake.CancelsWithoutWaiting))
            WaitBehind();
        return wasPending;
    }

    /// <summary>Ends what one <see cref="DisableAndWait"/> began. Process or softirq context.</summary>
    /// <remarks>
    /// As owner of PENDING: who is being refused just now has set it for a moment, and a request that came after this call would take that for a
    /// run that is to come.
    /// </remarks>
    public void Enable()
    {
        Grab(out var wereOn);
        EndRefusal();
        ReleaseClaim();
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>
    /// Makes the caller the owner of PENDING whatever the item does: interrupts are off on return, and stay off until it is queued or released.
    /// Looks again while somebody else is just about to queue it, which takes few steps with interrupts off. Not in hardirq context.
    /// </summary>
    /// <returns>True: it was taken off; false: it was not pending.</returns>
    internal bool Grab(out bool wereOn)
    {
        Invariant.That(!Context.InHardirq, "work taken off in an interrupt");
        while (true)
        {
            wereOn = Cpu.DisableInterrupts();
            if (this is DelayedWork delayed && delayed.TryStopTimer())
                return true;
            if (TryClaimEvenDisabled())
                return false;
            if (TryTakeOff())
                return true;
            Cpu.RestoreInterrupts(wereOn);
            Cpu.Relax();
        }
    }

    private bool TryClaimEvenDisabled()
    {
        Cpu.Interleave();
        return (Interlocked.Or(ref _state, Pending) & Pending) == 0;
    }

    // True: it was on a list of the pool, and is on none now; PENDING, still set, is the caller's.
    private bool TryTakeOff()
    {
        if (Volatile.Read(ref LastPool) is not { } pool)
            return false;
        using (pool.Lock.Acquire())
        {
            if (Place is not { } place || place.Pool != pool)
                return false;

            // Barriers behind an inactive item would be activated with whoever comes next, though nobody counts for them.
            if (IsInactive)
                place.Activate(this);
            pool.RingOf(this).Remove(this);
            Place = null;
            Holder = null;
            place.ItemEnded(Color, isCounted: true);
            return true;
        }
    }

    /// <summary>Waits behind the item where it is queued or runs. Returns at once when it does neither.</summary>
    private void WaitBehind()
    {
        var barrier = Task.Current.FlushBarrier;
        barrier.Prepare();
        if (TryInsertBehind(barrier))
            barrier.Wait();
        else
            barrier.ReleaseClaim();
    }

    private bool TryInsertBehind(FlushBarrier barrier)
    {
        while (Volatile.Read(ref LastPool) is { } pool)
        {
            using (pool.Lock.Acquire())
            {
                if (Place is null)
                    return !BrokenTwin.Is(Mistake.FlushesWithoutBarrier) && pool.WorkerOf(this) is { } worker && pool.InsertBarrier(barrier, worker);
                if (Place.Pool == pool)
                    return pool.InsertBarrier(barrier, this);
            }

            Cpu.Relax(); // it moved to another pool meanwhile
        }

        return false;
    }
}
