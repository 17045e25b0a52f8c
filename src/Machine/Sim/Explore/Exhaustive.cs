// Every schedule with at most so many disturbances, depth first: the decisions of one run are kept as a list, and the next run
// repeats it up to the last decision that has another alternative. Small cases only, but then it is a proof.
// A disturbance is a preemption, an interrupt held back for one step, or a leap of time to the next event; which CPU goes on when the
// one that ran cannot is free. Not searched is what follows a preemption in favour of a CPU that waits in a spinning loop and spins again with
// its next step: nothing has changed but the time, so what could follow is searched without that preemption.
using System;
using System.Collections.Generic;
using System.Numerics;
using System.Text;

namespace Jiffy.Machine.Sim;

public sealed class Exhaustive : Schedule
{
    private readonly int _preemptionBound;
    private readonly List<(int Chosen, int Of)> _decisions = new();
    private int _depth, _disturbances;
    private bool _isInVain;

    public Exhaustive(int preemptionBound) => _preemptionBound = preemptionBound;

    private bool MayDisturb => _disturbances < _preemptionBound && !_isInVain;

    /// <summary>The one schedule that takes the given decisions.</summary>
    public static Exhaustive Replay(string decisions, int preemptionBound)
    {
        var schedule = new Exhaustive(preemptionBound);
        foreach (var chosen in decisions)
            schedule._decisions.Add((chosen - '0', int.MaxValue));
        return schedule;
    }

    public override void Begin(ulong seed)
    {
        base.Begin(0);
        _depth = 0;
        _disturbances = 0;
        _isInVain = false;
    }

    /// <summary>Moves to the next schedule. False: all have been run.</summary>
    public bool MoveNext()
    {
        while (_decisions.Count > 0)
        {
            var (chosen, of) = _decisions[^1];
            _decisions.RemoveAt(_decisions.Count - 1);
            if (chosen + 1 >= of)
                continue;
            _decisions.Add((chosen + 1, of));
            return true;
        }
        return false;
    }

    public override int PickCpu(int current, ulong candidates)
    {
        if (current < 0)
            return Member(candidates, Decide(BitOperations.PopCount(candidates)));
        if (!MayDisturb)
            return current;
        var others = candidates & ~(1UL << current);
        var choice = Decide(1 + BitOperations.PopCount(others));
        if (choice == 0)
            return current;
        _disturbances++;
        return Member(others, choice - 1);
    }

    public override void PreemptedInVain() => _isInVain = true;

    public override bool InterruptNow() => !Disturb();

    public override bool LeapToNextEvent() => Disturb();

    public override string Describe()
    {
        var text = new StringBuilder("choices:");
        foreach (var (chosen, _) in _decisions)
            text.Append((char)('0' + chosen));
        return text.ToString().TrimEnd('0');
    }

    private bool Disturb()
    {
        if (!MayDisturb || Decide(2) == 0)
            return false;
        _disturbances++;
        return true;
    }

    private int Decide(int count)
    {
        if (count == 1 || _isInVain)
            return 0;
        if (_depth == _decisions.Count)
            _decisions.Add((0, count));
        return Math.Min(_decisions[_depth++].Chosen, count - 1);
    }
}
