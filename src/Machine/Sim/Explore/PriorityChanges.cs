// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): the CPU with the highest priority runs, and at a few
// steps chosen beforehand the one that runs falls to the lowest. A bug that needs d orderings is found with a
// probability of at least 1/(n * k^(d-1)) for n CPUs and k steps, whatever the program does in between.
// How many steps a run has is learnt from the runs before, and is part of a schedule's name.
using System;
using System.Numerics;

namespace Jiffy.Machine.Sim;

public sealed class PriorityChanges : Schedule
{
    private const int MostChanges = 4;
    private const int ShortestRun = 4;
    private const int Priorities = 1 << 20;

    /// <summary>
    /// Decisions in a row after which the CPU that runs falls to the lowest priority all the same: on hardware nobody starves for ever,
    /// and a program that polls would never end.
    /// </summary>
    private const int MostInARow = 2000;

    /// <summary>Decisions after which a CPU that could go on and was not chosen once gets the highest priority, for the same reason.</summary>
    private const int MostPassedOver = 2 * MostInARow;

    private readonly int[] _priorities = new int[Cpu.Max];
    private readonly int[] _chosenAt = new int[Cpu.Max]; // by CPU: the decision that chose it last, or that found it unable to go on
    private readonly int[] _changeAt = new int[MostChanges];
    private int _changes, _step, _lowest, _highest, _last, _inARow, _deferOnceIn, _leapOnceIn, _length = ShortestRun;

    /// <summary>Decisions of the run so far.</summary>
    public int Decisions => _step;

    /// <summary>Steps among which the changes of priority of the next run are chosen.</summary>
    public int Length { get => _length; set => _length = Math.Max(value, ShortestRun); }

    public override void Begin(ulong seed)
    {
        base.Begin(seed);
        for (var cpu = 0; cpu < _priorities.Length; cpu++)
        {
            _priorities[cpu] = NextBelow(Priorities);
            _chosenAt[cpu] = 0;
        }

        _changes = 1 + NextBelow(MostChanges);
        for (var i = 0; i < _changes; i++)
            _changeAt[i] = NextBelow(_length);
        _deferOnceIn = 1 + NextBelow(4);
        _leapOnceIn = NextBelow(2) == 0 ? 0 : _length;
        _step = 0;
        _lowest = 0;
        _highest = Priorities;
        _last = -1;
        _inARow = 0;
    }

    public override int PickCpu(int current, ulong candidates)
    {
        if (current >= 0 && (_inARow >= MostInARow || _changeAt.AsSpan(0, _changes).Contains(_step)))
            _priorities[current] = --_lowest;
        _step++;
        LiftPassedOver(candidates);
        var picked = Highest(candidates);
        _chosenAt[picked] = _step;
        _inARow = picked == _last && _inARow < MostInARow ? _inARow + 1 : 0;
        _last = picked;
        return picked;
    }

    public override bool InterruptNow() => _deferOnceIn == 1 || OnceIn(_deferOnceIn);

    public override bool LeapToNextEvent() => _leapOnceIn > 0 && OnceIn(_leapOnceIn);

    public override string Describe() => $"pct:{Seed}/{_length}";

    private void LiftPassedOver(ulong candidates)
    {
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
        {
            if ((candidates >> cpu & 1) == 0)
                _chosenAt[cpu] = _step;
            else if (_step - _chosenAt[cpu] > MostPassedOver)
                _priorities[cpu] = ++_highest;
        }
    }

    private int Highest(ulong candidates)
    {
        var best = -1;
        for (; candidates != 0; candidates &= candidates - 1)
        {
            var cpu = BitOperations.TrailingZeroCount(candidates);
            if (best < 0 || _priorities[cpu] > _priorities[best])
                best = cpu;
        }
        return best;
    }
}
