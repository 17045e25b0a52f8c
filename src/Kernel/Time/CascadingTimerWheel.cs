// The historical wheel (2.3 to 4.7): five vectors of lists, 256 slots for the next 256 ticks, then four times 64, each 64 times coarser. A timer
// is exact to the tick, because the lists of a coarser vector are emptied into the finer ones as their time comes near: the cascade, which
// moves a timer up to four times and, with many timers, does it all in one tick. Chosen at boot with timers=cascading.
// Contexts, lock: see TimerQueue. Linux: struct tvec_base, internal_add_timer(), cascade().
using System.Numerics;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Time;

public sealed class CascadingTimerWheel : TimerQueue
{
    private const int RootBits = 8, VectorBits = 6, Vectors = 4;
    private const int RootSlots = 1 << RootBits, VectorSlots = 1 << VectorBits;
    private const int DueSlot = RootSlots + Vectors * VectorSlots;

    /// <summary>Timers further away than this many ticks fire at this distance.</summary>
    public const long MostTicks = (1L << (RootBits + Vectors * VectorBits)) - 1;

    private readonly LinkedRing<Timer, Timer.InSlot>[] _slots = new LinkedRing<Timer, Timer.InSlot>[DueSlot + 1];
    private readonly ulong[] _pending = new ulong[DueSlot / 64 + 1]; // bit n of word m: slot 64 m + n is not empty

    public CascadingTimerWheel(int cpu, long now)
        : base(cpu, now)
    {
    }

    /// <summary>Timers moved by cascades since boot. For the comparison with the wheel that moves none.</summary>
    public long Cascaded { get; private set; }

    protected override long Insert(Timer timer, long expires, long now)
    {
        // An empty wheel may jump; one with timers has to be turned tick by tick.
        if (Count == 0 && !IsServing && NextTick < now)
            NextTick = now;
        return Place(timer, expires);
    }

    private long Place(Timer timer, long expires)
    {
        var distance = expires - NextTick;
        if (distance < 0)
            expires = NextTick;
        else if (distance > MostTicks)
            expires = NextTick + MostTicks;
        AddTo(SlotFor(expires, expires - NextTick), timer);
        return expires;
    }

    private static int SlotFor(long expires, long distance)
    {
        if (distance < RootSlots)
            return (int)(expires & (RootSlots - 1));
        var vector = 0;
        while (distance >= 1L << (RootBits + (vector + 1) * VectorBits))
            vector++;
        return SlotOf(vector, expires);
    }

    private static int SlotOf(int vector, long tick) =>
        RootSlots + vector * VectorSlots + (int)((tick >> (RootBits + vector * VectorBits)) & (VectorSlots - 1));

    private void AddTo(int slot, Timer timer)
    {
        timer.Slot = slot;
        _slots[slot].AddLast(timer);
        _pending[slot / 64] |= 1UL << (slot % 64);
    }

    protected override void Unlink(Timer timer)
    {
        var slot = timer.Slot;
        _slots[slot].Remove(timer);
        if (_slots[slot].IsEmpty)
            _pending[slot / 64] &= ~(1UL << (slot % 64));
    }

    protected override Timer? TakeDue(long now)
    {
        while (true)
        {
            if (_slots[DueSlot].First is { } timer)
            {
                Unlink(timer);
                return timer;
            }

            if (NextTick > now)
                return null;
            Turn(now);
        }
    }

    // Serves one tick: what is due goes to a list of its own, since callbacks start timers for this very slot.
    private void Turn(long now)
    {
        if (Count == 0)
        {
            NextTick = now + 1;
            return;
        }

        var slot = (int)(NextTick & (RootSlots - 1));
        for (var vector = 0; slot == 0 && vector < Vectors; vector++)
        {
            Cascade(vector);
            if (((NextTick >> (RootBits + vector * VectorBits)) & (VectorSlots - 1)) != 0)
                break;
        }

        NextTick++;
        MoveAll(slot, toDue: true);
    }

    private void Cascade(int vector)
    {
        // A timer at the very end of the wheel may come back to the list it was on: that turn is a whole round away.
        MoveAll(SlotOf(vector, NextTick), toDue: false);
    }

    private void MoveAll(int slot, bool toDue)
    {
        var last = _slots[slot].Last;
        while (_slots[slot].First is { } timer)
        {
            Unlink(timer);
            if (toDue)
                AddTo(DueSlot, timer);
            else
                CascadeOne(timer);
            if (timer == last)
                return;
        }
    }

    private void CascadeOne(Timer timer)
    {
        Cascaded++;
        Place(timer, timer.Expires);
    }

    // Exact for the next 256 ticks; beyond, the first filled list of each vector is searched, as the old code did before a CPU went idle.
    protected override long FindNext()
    {
        if (!_slots[DueSlot].IsEmpty)
            return NextTick;
        var next = NextInRoot();
        for (var vector = 0; vector < Vectors; vector++)
        {
            var found = NextInVector(vector);
            if (found < next)
                next = found;
        }

        return next;
    }

    private long NextInRoot()
    {
        for (var distance = 0; distance < RootSlots;)
        {
            var slot = (int)((NextTick + distance) & (RootSlots - 1));
            var rest = _pending[slot / 64] >> (slot % 64);
            if (rest != 0)
                return NextTick + distance + BitOperations.TrailingZeroCount(rest);
            distance += 64 - slot % 64;
        }

        return Never;
    }

    private long NextInVector(int vector)
    {
        var pending = _pending[(RootSlots + vector * VectorSlots) / 64];
        if (pending == 0)
            return Never;
        var from = SlotOf(vector, NextTick) % VectorSlots;

        // The list of the present turn was emptied when the turn began, unless it begins now; what is in it else is a round away.
        var isNew = (NextTick & ((1L << (RootBits + vector * VectorBits)) - 1)) == 0;
        var start = isNew ? from : from + 1;
        var distance = BitOperations.TrailingZeroCount(BitOperations.RotateRight(pending, start & (VectorSlots - 1)));
        var slot = RootSlots + vector * VectorSlots + ((start + distance) & (VectorSlots - 1));
        var earliest = Never;
        for (var timer = _slots[slot].First; timer is not null; timer = LinkedRing<Timer, Timer.InSlot>.After(timer))
        {
            var at = timer.Expires - NextTick > MostTicks ? NextTick + MostTicks : timer.Expires;
            if (at < earliest)
                earliest = at;
        }

        return earliest;
    }
}
