// One thread of the torture: chooses at random what to do next to which of its own objects, or of those that all share. Also wanders over the
// CPUs, and sleeps. Guard: all fields are the thread's; after it has ended, the main thread's.
using System;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal sealed class Tormentor
{
    private const int Timers = 8, Alarms = 6, Items = 8;

    private readonly TorturedTimer[] _timers = new TorturedTimer[Timers];
    private readonly TorturedAlarm[] _alarms = new TorturedAlarm[Alarms];
    private readonly TorturedWork[] _items = new TorturedWork[Items];
    private TortureRandom _random;

    public Tormentor(int index)
    {
        Index = index;
        for (var i = 0; i < Timers; i++)
            _timers[i] = new TorturedTimer(i);
        for (var i = 0; i < Alarms; i++)
            _alarms[i] = new TorturedAlarm(i);
        for (var i = 0; i < Items; i++)
            _items[i] = new TorturedWork(index * Items + i);
    }

    public int Index { get; }

    public void Begin(ulong seed)
    {
        _random = new TortureRandom(seed, Index);
        foreach (var timer in _timers.AsSpan())
            timer.Begin();
        foreach (var alarm in _alarms.AsSpan())
            alarm.Begin();
        foreach (var item in _items.AsSpan())
            item.Begin(seed);
    }

    public int Live()
    {
        while (Torture.GoesOn)
            Step();
        foreach (var timer in _timers.AsSpan())
            timer.Quiet();
        foreach (var alarm in _alarms.AsSpan())
            alarm.Quiet();
        Torture.Ended();
        return 0;
    }

    private void Step()
    {
        switch (_random.Below(18))
        {
            case 0 or 1 or 2:
                _timers[_random.Below(Timers)].Step(ref _random);
                break;
            case 3 or 4:
                _alarms[_random.Below(Alarms)].Step(ref _random);
                break;
            case 5 or 6:
                TorturedSoftirqs.Step(Index, ref _random);
                break;
            case 7 or 8 or 9:
                _items[_random.Below(Items)].Step(ref _random);
                break;
            case 12 or 13:
                TorturedLocks.Step(ref _random);
                break;
            case 14 or 15:
                TorturedRcu.Step(ref _random);
                break;
            case 16 or 17:
                TorturedLending.Step(ref _random);
                break;
            case 10:
                TorturedWork.StepOfOthers(ref _random);
                break;
            default:
                Rest();
                break;
        }
    }

    private void Rest()
    {
        switch (_random.Below(4))
        {
            case 0:
                Scheduler.SetAffinity(Task.Current, CpuSet.Of(_random.Below(Scheduler.Online.Count)));
                break;
            case 1:
                Helper.GoAnywhere();
                break;
            case 2:
                Sleep.For(_random.Below(1_000_000), TaskState.Uninterruptible);
                break;
            default:
                Task.Current.SetState(TaskState.Interruptible);
                Sleep.ScheduleTimeout(_random.Below(3));
                break;
        }
    }

    /// <summary>All threads have ended: what is left is waited for, then the counts must be right.</summary>
    public void Settle()
    {
        foreach (var item in _items.AsSpan())
            item.Settle();
    }

    public void AddTo(ref TortureSums sums)
    {
        foreach (var timer in _timers.AsSpan())
            timer.AddTo(ref sums);
        foreach (var alarm in _alarms.AsSpan())
            alarm.AddTo(ref sums);
        foreach (var item in _items.AsSpan())
            item.AddTo(ref sums);
    }
}

/// <summary>Random numbers of one user: xorshift, from the seed and who it is.</summary>
internal struct TortureRandom
{
    private ulong _state;

    public TortureRandom(ulong seed, int user)
    {
        _state = (seed + 1) * 0x9e3779b97f4a7c15 ^ (ulong)(user + 1) * 0xbf58476d1ce4e5b9;
        if (_state == 0)
            _state = 1;
        for (var i = 0; i < 8; i++)
            Below(2);
    }

    public int Below(int limit)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (int)((_state >> 33) % (ulong)limit);
    }
}
