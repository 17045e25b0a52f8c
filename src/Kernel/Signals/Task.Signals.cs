// A task's part of signals: mask, pending ones of its own, alternate stack, and what fork, exec and exit do with them.
// Lock: TaskTree.Lock guards pending sets and handlers; the mask and the alternate stack are the task's own, but changing the mask takes the
// lock too, because senders read it. Linux: struct task_struct's signal fields.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

/// <summary>An alternate signal stack. man 2 sigaltstack.</summary>
public struct AlternateStack
{
    public const int SS_ONSTACK = 1, SS_DISABLE = 2;
    public const uint SS_AUTODISARM = 0x80000000;
    public const ulong MinimumBytes = 2048;

    public ulong Base, Bytes;
    public uint Flags;

    public readonly bool IsSet => Bytes != 0;
    public readonly bool Contains(ulong stackPointer) => stackPointer > Base && stackPointer - Base <= Bytes;
}

public sealed partial class Task
{
    /// <summary>What the process does on each signal. Null for kernel threads, which take none.</summary>
    public SignalHandlers? Handlers { get; internal set; }

    /// <summary>Signals that wait until they are unblocked.</summary>
    public SignalSet BlockedSignals { get; internal set; }

    /// <summary>The mask to put back after sigsuspend, ppoll and the like; valid while WorkFlag.RestoreMask is set.</summary>
    internal SignalSet SavedMask;

    /// <summary>What sigtimedwait waits for: neither ignored nor deadly meanwhile. Guard: TaskTree.Lock.</summary>
    internal SignalSet AwaitedSignals;

    /// <summary>It has dequeued a stopping signal, and no SIGCONT has come since. Guard: TaskTree.Lock.</summary>
    internal bool HasTakenStop;

    internal PendingSignals PendingSignals;
    internal AlternateStack AlternateStack;

    /// <summary>Is among its process's StoppedThreads. Guard: TaskTree.Lock.</summary>
    internal bool IsCountedStopped;

    /// <summary>Sent to this thread when its parent ends: PR_SET_PDEATHSIG. Zero: none.</summary>
    internal int ParentDeathSignal;

    /// <summary>The processor's number and error code of the last fault in user mode, for signal frames.</summary>
    internal ulong FaultTrap, FaultError;

    /// <summary>Signals waiting for this thread alone, for /proc.</summary>
    public SignalSet PendingSet => PendingSignals.Set;

    /// <summary>Must end without going back to user mode.</summary>
    public bool HasFatalSignal => WorkFlag.IsSet(this, WorkFlag.MustExit);

    private Errno CopySignals(Task parent, in CloneArguments arguments)
    {
        BlockedSignals = parent.BlockedSignals;
        PendingSignals = default;
        AwaitedSignals = default;
        HasTakenStop = false;
        ParentDeathSignal = 0;
        IsCountedStopped = false;
        AlternateStack = default;
        Handlers = null;
        if (IsKernelThread || parent.Handlers is not { } handlers)
            return Errno.None;
        if (!arguments.Has(Clone.CLONE_VM) || arguments.Has(Clone.CLONE_VFORK))
            AlternateStack = parent.AlternateStack;
        if (arguments.Has(Clone.CLONE_SIGHAND))
        {
            handlers.AddUser();
            Handlers = handlers;
            return Errno.None;
        }

        using (TaskTree.Lock.Acquire())
            Handlers = SignalHandlers.Create(handlers, onlyIgnored: arguments.Has(Clone.CLONE_CLEAR_SIGHAND));
        return Handlers is null ? Errno.ENOMEM : Errno.None;
    }

    /// <summary>Gives handlers and pending signals back. TaskTree.Lock held, or nobody knows the task yet.</summary>
    internal void ReleaseSignals()
    {
        PendingSignals.Clear();
        var handlers = Handlers;
        Handlers = null;
        handlers?.Drop();
    }

    /// <summary>Makes the signal actions this process's own (exec with CLONE_SIGHAND but another process). ENOMEM.</summary>
    private Errno UnshareSignals()
    {
        if (Handlers is not { IsShared: true } shared)
            return Errno.None;
        using (TaskTree.Lock.Acquire())
        {
            var own = SignalHandlers.Create(shared, onlyIgnored: false);
            if (own is null)
                return Errno.ENOMEM;
            Handlers = own;
        }

        shared.Drop();
        return Errno.None;
    }

    private void ResetSignalsForExec()
    {
        AlternateStack = default;
        using (TaskTree.Lock.Acquire())
            Handlers?.ResetForExec();
    }

    /// <summary>Sets the mask (never KILL and STOP) and looks again whether something is deliverable. Takes TaskTree.Lock.</summary>
    internal void SetBlocked(SignalSet set)
    {
        using (TaskTree.Lock.Acquire())
        {
            BlockedSignals = set.Except(SignalSet.Unblockable);
            PosixTimers.Wanted(Group, set);
            RecalculatePending();
            if (Group.LiveThreads > 1)
                SignalSender.Retarget(Group, this);
        }
    }

    /// <summary>Sets or clears the flag that makes the way to user mode look for signals. TaskTree.Lock held.</summary>
    internal void RecalculatePending()
    {
        var deliverable = PendingSignals.Set.Or(Group.SharedPending.Set).Except(BlockedSignals);
        if (!deliverable.IsEmpty || Group.IsStopping || HasFatalSignal)
            WorkFlag.Set(this, WorkFlag.SignalPending);
        else
            WorkFlag.Clear(this, WorkFlag.SignalPending);
    }

    /// <summary>Something is deliverable now, beyond a stale flag. TaskTree.Lock held.</summary>
    internal bool MustActOnSignal()
    {
        RecalculatePending();
        return HasSignalPending;
    }

    /// <summary>Reads a signal's action and, if asked, sets a new one; a signal that becomes ignored stops pending.</summary>
    internal SignalAction ExchangeAction(int signal, bool set, in SignalAction action)
    {
        using (TaskTree.Lock.Acquire())
        {
            ref var entry = ref Handlers![signal];
            var old = entry;
            if (!set)
                return old;
            entry = action;
            if (Handlers.Ignores(signal))
                SignalSender.RemovePending(Group, SignalSet.Of(signal));
            else
                PosixTimers.Wanted(Group, SignalSet.Of(signal));
            return old;
        }
    }
}
