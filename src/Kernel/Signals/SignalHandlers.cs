// What a process does on each signal. Shared by the threads of a process (CLONE_SIGHAND); counted and pooled.
// Lock: TaskTree.Lock guards the actions. Linux: struct sighand_struct, struct k_sigaction. man 2 sigaction.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Signals;

public struct SignalAction
{
    public const ulong SIG_DFL = 0, SIG_IGN = 1;
    public const ulong SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2, SA_SIGINFO = 4;
    public const ulong SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000, SA_RESTART = 0x10000000;
    public const ulong SA_NODEFER = 0x40000000, SA_RESETHAND = 0x80000000;

    public ulong Handler, Flags, Restorer;
    public SignalSet Mask;

    public readonly bool IsDefault => Handler == SIG_DFL;
    public readonly bool IsIgnore => Handler == SIG_IGN;
    public readonly bool Has(ulong flag) => (Flags & flag) != 0;
}

public sealed class SignalHandlers
{
    private readonly SignalAction[] _actions = new SignalAction[SignalNumber.Count];
    private Links<SignalHandlers> _poolLinks;
    private int _users;

    /// <summary>Who reads or polls files that give signals of the process.</summary>
    internal readonly WaitQueue Arrivals = new();

    internal static Pool<SignalHandlers, Pooled> Pool = null!;

    /// <summary>The action of a signal, 1 to 64.</summary>
    public ref SignalAction this[int signal] => ref _actions[signal - 1];

    public bool IsShared => Volatile.Read(ref _users) > 1;

    /// <summary>A table with all defaults, or a copy of <paramref name="from"/>. Null: out of memory.</summary>
    public static SignalHandlers? Create(SignalHandlers? from, bool onlyIgnored)
    {
        if (!Pool.TryTake(out var handlers))
            return null;
        handlers._users = 1;
        if (from is not null && !onlyIgnored)
        {
            from._actions.AsSpan().CopyTo(handlers._actions);
            return handlers;
        }

        for (var signal = 1; signal <= SignalNumber.Count; signal++)
        {
            var keep = from is not null && from[signal].IsIgnore;
            handlers[signal] = keep ? from![signal] : default;
        }

        return handlers;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        Arrivals.Abandon();
        Pool.Give(this);
    }

    /// <summary>Exec: handlers become default, ignored ones stay ignored.</summary>
    public void ResetForExec()
    {
        for (var signal = 1; signal <= SignalNumber.Count; signal++)
        {
            ref var action = ref this[signal];
            var ignored = action.IsIgnore;
            action = default;
            if (ignored)
                action.Handler = SignalAction.SIG_IGN;
        }
    }

    /// <summary>True when the signal does nothing if it is delivered.</summary>
    public bool Ignores(int signal)
    {
        ref var action = ref this[signal];
        return action.IsIgnore || (action.IsDefault && SignalSet.IgnoredByDefault.Contains(signal));
    }

    internal readonly struct Pooled : IPooled<SignalHandlers>
    {
        public static ref Links<SignalHandlers> Of(SignalHandlers item) => ref item._poolLinks;
        public static SignalHandlers Create() => new();
        public static int Bytes => 224 + 40 * SignalNumber.Count;
    }
}
