// A CPU's coarse timers in a wheel that never moves them. Eight times coarser from level to level, 64 slots each: a timer goes into the level
// that reaches far enough, rounded up to that level's grain, and stays in its slot until it fires. Adding, changing and removing are O(1).
// A timer is never early, and late by less than its level's grain, an eighth of the distance at most:
//     level      0     1     2     3      4      5      6      7      8       (a tick is 4 ms)
//     from   0   63   504  4032  32256  258048  2064384  16515072  132120576  ticks away
//     grain  1    8    64   512   4096   32768   262144   2097152   16777216  ticks
// Contexts, lock: see TimerQueue. Linux: struct timer_base, calc_wheel_index(), collect_expired_timers() (since 4.8).
using System.Numerics;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Time;

public sealed class TimerWheel : TimerQueue
{
    private const int Levels = 9;
    private const int SlotBits = 6;
    private const int Slots = 1 << SlotBits;
    private const int ShiftPerLevel = 3;
    private const int NoLevel = -1;

    /// <summary>Timers further away than this many ticks fire at this distance.</summary>
    public const long MostTicks = (long)(Slots - 1) << (ShiftPerLevel * (Levels - 1));

    private readonly LinkedRing<Timer, Timer.InSlot>[] _slots = new LinkedRing<Timer, Timer.InSlot>[Levels * Slots];
    private readonly ulong[] _pending = new ulong[Levels]; // bit n: slot n of the level is not empty
    private int _level = NoLevel; // of the tick being served, the level being emptied

    public TimerWheel(int cpu, long now)
        : base(cpu, now)
    {
    }

    /// <summary>By how many ticks a timer may be late that was started so many ticks ahead.</summary>
    internal static long GrainFor(long distance) => 1L << (ShiftPerLevel * LevelFor(distance));

    protected override Timer? TakeDue(long now)
    {
        while (true)
        {
            if (_level == NoLevel && !SkipTo(now))
                return null;
            for (_level = _level == NoLevel ? 0 : _level; _level < Levels && IsServedNow(_level); _level++)
            {
                if (_slots[SlotServed(_level)].First is not { } timer)
                    continue;
                Unlink(timer);
                return timer;
            }

            NextTick++;
            _level = NoLevel;
        }
    }

    // Jumps over ticks without timers. False: nothing is due at or before now.
    private bool SkipTo(long now)
    {
        var next = FindNext();
        if (next > now)
        {
            if (NextTick <= now)
                NextTick = now + 1;
            return false;
        }

        NextTick = next;
        return true;
    }

    private bool IsServedNow(int level) => (NextTick & ((1L << (ShiftPerLevel * level)) - 1)) == 0;

    private int SlotServed(int level) => level * Slots + (int)((NextTick >> (ShiftPerLevel * level)) & (Slots - 1));

    protected override long Insert(Timer timer, long expires, long now)
    {
        // A wheel that has stood still is brought near, so that the timer finds its level.
        if (!IsServing && NextTick <= now && FindNext() > now)
            NextTick = now;
        var first = IsServing ? NextTick + 1 : NextTick; // the slots of a tick being served are taken already
        if (expires < first)
            expires = first;
        if (expires - NextTick > MostTicks)
            expires = NextTick + MostTicks;
        var level = LevelFor(expires - NextTick);
        var shift = ShiftPerLevel * level;
        var at = (expires + (1L << shift) - 1) >> shift;
        var index = (int)(at & (Slots - 1));
        timer.Slot = level * Slots + index;
        _slots[timer.Slot].AddLast(timer);
        _pending[level] |= 1UL << index;
        return at << shift;
    }

    private static int LevelFor(long distance)
    {
        var level = 0;
        while (level < Levels - 1 && distance >= (long)(Slots - 1) << (ShiftPerLevel * level))
            level++;
        return level;
    }

    protected override void Unlink(Timer timer)
    {
        var slot = timer.Slot;
        _slots[slot].Remove(timer);
        if (_slots[slot].IsEmpty)
            _pending[slot / Slots] &= ~(1UL << (slot % Slots));
    }

    // The tick at which the first filled slot is served.
    protected override long FindNext()
    {
        var next = Never;
        for (var level = 0; level < Levels; level++)
        {
            var pending = _pending[level];
            if (pending == 0)
                continue;
            var shift = ShiftPerLevel * level;
            var from = (NextTick + (1L << shift) - 1) >> shift; // the level's next slot to be served
            var distance = BitOperations.TrailingZeroCount(BitOperations.RotateRight(pending, (int)(from & (Slots - 1))));
            var at = (from + distance) << shift;
            if (at < next)
                next = at;
        }

        return next;
    }
}
