// What is to be done to an object when nobody can see it any more. Lives in the object, whose memory must stay until it has run.
// Guard: the list it is on. Linux: struct rcu_head.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public sealed class RcuCallback
{
    private readonly Action<object?> _function;
    private readonly object? _owner;

    internal RcuCallback? Next;
    internal long Until; // the grace period after which it may run
    internal bool IsQueued;

    /// <param name="function">A static lambda; runs in softirq context and must not sleep. It may queue the callback again, or give its memory back.</param>
    /// <param name="owner">What the function gets.</param>
    public RcuCallback([SoftirqContext] Action<object?> function, object? owner)
    {
        _function = function;
        _owner = owner;
    }

    [SoftirqContext]
    internal void Run() => _function(_owner);
}
