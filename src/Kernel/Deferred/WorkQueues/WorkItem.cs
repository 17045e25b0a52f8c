// A piece of work for a thread: a function and its owner, queued on a work queue of either kind. Lives in the object it belongs to, made with it.
// PENDING is the item's ownership: who sets it (TryClaim) is alone with the item until a worker clears it, or somebody who took it off.
// The worker clears PENDING before the handler runs. Then no run is lost: who queues writes his data, then sets PENDING with a full barrier.
// Either it was clear, and the item is queued (again); or it was set, then the worker's clearing, a full barrier too, comes after, and the
// handler after that sees the data. Cleared after the handler, a request that came while the handler ran would be forgotten.
// After the handler nothing of the item is touched: it may have been given back, or queued anew.
// Contexts: as the queues say. Linux: struct work_struct, WORK_STRUCT_PENDING_BIT, disable_work().
using System;
using System.Threading;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public partial class WorkItem
{
    private const int Pending = 1;

    /// <summary>One refusal: as long as there are any, the item cannot be queued.</summary>
    private const int DisabledOne = 2;

    private readonly Action<WorkItem> _handler;
    private Links<WorkItem> _links; // guard: the lock of the pool or thread whose list it is on
    private int _state;             // PENDING and the number of refusals; atomic

    /// <summary>Makes an item, at boot or with the pooled object it belongs to.</summary>
    /// <param name="handler">A static lambda; runs in a worker's process context and may sleep. It may queue the item again, or give its owner back.</param>
    /// <param name="owner">What the handler finds its way back to: the object the item belongs to.</param>
    public WorkItem(Action<WorkItem> handler, object? owner)
    {
        _handler = handler;
        Owner = owner;
    }

    /// <summary>The object it belongs to. Linux: container_of().</summary>
    public object? Owner { get; }

    /// <summary>Queued, or about to be, or its timer runs. A hint unless the caller has its own ordering. Linux: work_pending().</summary>
    public bool IsPending => (Volatile.Read(ref _state) & Pending) != 0;

    /// <summary>Cannot be queued now: <see cref="DisableAndWait"/>, or somebody cancels it.</summary>
    public bool IsDisabled => Volatile.Read(ref _state) >= DisabledOne;

    /// <summary>Makes the caller the item's owner, who must queue it or call <see cref="ReleaseClaim"/>. Interrupts off until then. False: it is pending, or disabled.</summary>
    /// <remarks>A full barrier also when the answer is no: see above.</remarks>
    internal bool TryClaim()
    {
        Cpu.Interleave();
        var before = Interlocked.Or(ref _state, Pending);
        Cpu.Interleave();
        if ((before & Pending) != 0)
            return false;
        if (before < DisabledOne)
            return true;
        ReleaseClaim();
        return false;
    }

    /// <summary>Clears PENDING. By its owner: the worker just before the handler, or who took the item off. A full barrier.</summary>
    internal void ReleaseClaim()
    {
        Cpu.Interleave();
        Interlocked.And(ref _state, ~Pending);
        Cpu.Interleave();
    }

    /// <summary>Nobody may queue it until as many <see cref="EndRefusal"/>. The owner of PENDING, so that no queueing is under way.</summary>
    internal void BeginRefusal() => Interlocked.Add(ref _state, DisabledOne);

    internal void EndRefusal() => Interlocked.Add(ref _state, -DisabledOne);

    internal void Run() => _handler(this);

    internal readonly struct InList : ILinksOf<WorkItem>
    {
        public static ref Links<WorkItem> Of(WorkItem item) => ref item._links;
    }
}
