// A user program written as a list of steps.
using System;
using System.Collections.Generic;

namespace Jiffy.Machine.Sim;

/// <summary>
/// Steps in order, with names to jump to. What a step knows is in registers and user memory only, since after a fork two
/// tasks, and after a fault the same task twice, go through it.
/// </summary>
public sealed class SimScript : ISimProgram
{
    private readonly List<Action<SimUser>> _steps = new();
    private readonly Dictionary<string, int> _labels = new();

    /// <summary>Steps so far.</summary>
    public int Count => _steps.Count;

    /// <summary>Names the next step.</summary>
    public SimScript Label(string name)
    {
        _labels.Add(name, _steps.Count);
        return this;
    }

    /// <summary>The number of the step called so.</summary>
    public int this[string label] => _labels[label];

    /// <summary>One step of any kind: registers, one load or store, one system call at most.</summary>
    public SimScript Do(Action<SimUser> step)
    {
        _steps.Add(step);
        return this;
    }

    public SimScript Call(long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0) =>
        Do(user => user.SystemCall(number, a, b, c, d, e, f));

    public SimScript Jump(string label) => Do(user => user.Jump(_labels[label]));

    /// <summary>Jumps when the last system call's result fits.</summary>
    public SimScript JumpIf(Func<long, bool> result, string label) => Do(user =>
    {
        if (result(user.Result))
            user.Jump(_labels[label]);
    });

    public void Step(SimUser user)
    {
        if (user.Step >= _steps.Count)
            throw new InvalidOperationException($"simulated program ran past its end, step {user.Step}");
        _steps[user.Step](user);
    }
}
