// One CPU's coarse timers. Eight times coarser from level to level, 64 slots each: a timer goes into the level that reaches far enough, rounded
// up to that level's grain, and stays in its slot until it fires: adding, changing and removing are O(1) and nothing is ever moved down.
// Contexts: any; callbacks run in softirq context without the lock. Lock: _lock guards slots and bit maps.
// Linux: struct timer_base, __run_timers() (the wheel without cascading, since 4.8).
using System.Numerics;
using System.Threading;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal readonly struct TimerWheelRank : ILockRank
{
    public static LockRank Rank => LockRank.TimerBase;
}

public sealed class TimerWheel
{
    private const int Levels = 9;
    private const int SlotBits = 6;
    private const int Slots = 1 << SlotBits;
    private const int ShiftPerLevel = 3;
    private const long Never = long.MaxValue;

    /// <summary>Timers further away than this many ticks fire at this distance.</summary>
    public const long MostTicks = (long)(Slots - 1) << (ShiftPerLevel * (Levels - 1));

    private readonly LinkedRing<Timer, Timer.InSlot>[] _slots = new LinkedRing<Timer, Timer.InSlot>[Levels * Slots];
    private readonly ulong[] _pending = new ulong[Levels]; // bit n: slot n of the level is not empty
    private SpinLock<TimerWheelRank, IrqsOff> _lock;
    private long _clock; // the next tick to be served
    private Timer? _firing;

    public TimerWheel(long now) => _clock = now;

    /// <summary>The timer whose callback runs now, or null.</summary>
    internal Timer? Firing => Volatile.Read(ref _firing);

    /// <summary>A hint whether a timer is due at tick <paramref name="now"/>.</summary>
    internal bool IsDue(long now) => FindNext() <= now;

    /// <summary>When the next timer is due, on the monotonic clock in nanoseconds; long.MaxValue: there is none.</summary>
    internal long NextExpiry()
    {
        using (_lock.Acquire())
        {
            var next = FindNext();
            return next == Never ? Never : Jiffies.ToNanoseconds(next);
        }
    }

    /// <summary>Queues a timer that is on no wheel.</summary>
    internal void Add(Timer timer, long expires, long now)
    {
        using (_lock.Acquire())
        {
            timer.Wheel = this;
            Insert(timer, expires, now);
        }
    }

    /// <summary>Takes a timer off. False: its callback runs now.</summary>
    internal bool TryRemove(Timer timer, out bool wasQueued)
    {
        using (_lock.Acquire())
        {
            wasQueued = timer.Slot >= 0;
            if (wasQueued)
                Unlink(timer);
            return _firing != timer;
        }
    }

    /// <summary>Takes a timer off to be started anew; when its callback runs now, it is queued here (true), so that it never runs twice at once.</summary>
    internal bool RestartWhereItFires(Timer timer, long expires, long now)
    {
        using (_lock.Acquire())
        {
            if (timer.Slot >= 0)
                Unlink(timer);
            if (_firing != timer)
                return false;
            Insert(timer, expires, now);
            return true;
        }
    }

    /// <summary>Runs the callbacks of all timers due at tick <paramref name="now"/>. Softirq context, on the wheel's CPU.</summary>
    internal void Run(long now)
    {
        var token = _lock.AcquireUnguarded();
        while (SkipTo(now))
        {
            for (var level = 0; level < Levels && (_clock & ((1L << (ShiftPerLevel * level)) - 1)) == 0; level++)
                token = FireSlot(level, token);
            _clock++;
        }

        _lock.Release(token);
    }

    // Jumps over ticks without timers. False: nothing is due at or before now.
    private bool SkipTo(long now)
    {
        var next = FindNext();
        if (next > now)
        {
            if (_clock <= now)
                _clock = now + 1;
            return false;
        }

        _clock = next;
        return true;
    }

    private bool FireSlot(int level, bool token)
    {
        var slot = level * Slots + (int)((_clock >> (ShiftPerLevel * level)) & (Slots - 1));
        while (_slots[slot].First is { } timer)
        {
            Unlink(timer);
            Volatile.Write(ref _firing, timer);
            _lock.Release(token);
            timer.Fire();
            token = _lock.AcquireUnguarded();
            Volatile.Write(ref _firing, null);
        }

        return token;
    }

    private void Insert(Timer timer, long expires, long now)
    {
        // An idle wheel has stood still: bring it near, so that the timer finds its level.
        if (_clock <= now && FindNext() > now)
            _clock = now;
        if (expires < _clock + 1)
            expires = _clock + 1;
        if (expires - _clock > MostTicks)
            expires = _clock + MostTicks;
        var level = LevelFor(expires - _clock);
        var shift = ShiftPerLevel * level;
        var index = (int)(((expires + (1L << shift) - 1) >> shift) & (Slots - 1));
        timer.Slot = level * Slots + index;
        _slots[timer.Slot].AddLast(timer);
        _pending[level] |= 1UL << index;
    }

    private static int LevelFor(long distance)
    {
        var level = 0;
        while (level < Levels - 1 && distance >= (long)(Slots - 1) << (ShiftPerLevel * level))
            level++;
        return level;
    }

    private void Unlink(Timer timer)
    {
        var slot = timer.Slot;
        _slots[slot].Remove(timer);
        timer.Slot = -1;
        if (_slots[slot].IsEmpty)
            _pending[slot / Slots] &= ~(1UL << (slot % Slots));
    }

    // The tick at which the first filled slot is served; Never: all are empty.
    private long FindNext()
    {
        var next = Never;
        for (var level = 0; level < Levels; level++)
        {
            var pending = _pending[level];
            if (pending == 0)
                continue;
            var shift = ShiftPerLevel * level;
            var from = (_clock + (1L << shift) - 1) >> shift; // the level's next slot to be served
            var distance = BitOperations.TrailingZeroCount(BitOperations.RotateRight(pending, (int)(from & (Slots - 1))));
            var at = (from + distance) << shift;
            if (at < next)
                next = at;
        }

        return next;
    }
}
