// Every decision that hardware leaves to chance, taken by seed.
using System.Numerics;

namespace Jiffy.Machine.Sim;

/// <summary>Takes a run's decisions. One object per explorer, started anew for each run.</summary>
public abstract class Schedule
{
    private ulong _state;

    protected ulong Seed { get; private set; }

    /// <summary>Begins a run.</summary>
    public virtual void Begin(ulong seed)
    {
        Seed = seed;
        _state = seed;
    }

    /// <summary>Which CPU goes on. <paramref name="current"/> is -1 when the one that ran cannot; <paramref name="candidates"/> has a bit per CPU.</summary>
    public abstract int PickCpu(int current, ulong candidates);

    /// <summary>Whether a pending interrupt arrives at this point, or later.</summary>
    public abstract bool InterruptNow();

    /// <summary>Whether time leaps to the next event although CPUs have work: a time-out may come at any step.</summary>
    public virtual bool LeapToNextEvent() => false;

    /// <summary>The CPU for which another one was made to wait spins in its loop as before: that was of no use.</summary>
    public virtual void PreemptedInVain()
    {
    }

    /// <summary>How to get this run again.</summary>
    public abstract string Describe();

    /// <summary>The next number of the run's own sequence (SplitMix64).</summary>
    public ulong NextRandom()
    {
        var value = _state += 0x9e3779b97f4a7c15;
        value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
        value = (value ^ value >> 27) * 0x94d049bb133111eb;
        return value ^ value >> 31;
    }

    /// <summary>True once in <paramref name="n"/> times.</summary>
    protected bool OnceIn(int n) => NextBelow(n) == 0;

    protected int NextBelow(int n) => (int)((NextRandom() >> 32) * (ulong)n >> 32);

    /// <summary>The <paramref name="index"/>th set bit's number.</summary>
    protected static int Member(ulong set, int index)
    {
        while (index-- > 0)
            set &= set - 1;
        return BitOperations.TrailingZeroCount(set);
    }
}

/// <summary>Goes on with the same CPU most times, and to any other now and then; how often differs from seed to seed.</summary>
public sealed class RandomWalk : Schedule
{
    private int _switchOnceIn = 8, _deferOnceIn = 2, _leapOnceIn;

    public override void Begin(ulong seed)
    {
        base.Begin(seed);
        _switchOnceIn = 2 << NextBelow(5);
        _deferOnceIn = 1 + NextBelow(4);
        _leapOnceIn = NextBelow(2) == 0 ? 0 : 8 << NextBelow(5);
    }

    public override int PickCpu(int current, ulong candidates)
    {
        if (current >= 0 && !OnceIn(_switchOnceIn))
            return current;
        return Member(candidates, NextBelow(BitOperations.PopCount(candidates)));
    }

    public override bool InterruptNow() => _deferOnceIn == 1 || OnceIn(_deferOnceIn);

    public override bool LeapToNextEvent() => _leapOnceIn > 0 && OnceIn(_leapOnceIn);

    public override string Describe() => $"walk:{Seed}";
}
