// One CPU's waiting real-time tasks: a list per priority and a bit map of those that are not empty, so the best is found at once. And the
// account that leaves a twentieth of each second to ordinary tasks. Lock: the run queue's. Linux: struct rt_rq, rt_prio_array.
using System.Numerics;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

public sealed class RealTimeQueue
{
    private const int Lists = SchedulingPolicy.MaxRealTimePriority + 1;

    /// <summary>In each period of this length (nanoseconds)...</summary>
    public const long Period = 1_000_000_000;

    /// <summary>...real-time tasks may use this much while ordinary tasks wait. /proc/sys/kernel/sched_rt_runtime_us.</summary>
    public const long Budget = 950_000_000;

    private readonly LinkedRing<Task, Task.InRealTimeList>[] _lists = new LinkedRing<Task, Task.InRealTimeList>[Lists];
    private ulong _low, _high; // bit n: list n (effective priority n) is not empty
    private long _periodStart, _used;

    /// <summary>Waiting tasks.</summary>
    public int Waiting { get; private set; }

    /// <summary>The budget of this period is used up.</summary>
    public bool IsThrottled { get; private set; }

    /// <summary>Effective priority of the best waiting task.</summary>
    public int BestWaiting => Waiting == 0 ? Priorities.None : FirstList();

    internal Task? First => Waiting == 0 ? null : _lists[FirstList()].First;

    internal static Task? After(Task task) => LinkedRing<Task, Task.InRealTimeList>.After(task);

    internal void Add(Task task, bool atEnd)
    {
        var list = task.EffectivePriority;
        if (atEnd)
            _lists[list].AddLast(task);
        else
            _lists[list].AddFirst(task);
        if (list < 64)
            _low |= 1UL << list;
        else
            _high |= 1UL << (list - 64);
        Waiting++;
    }

    internal void Remove(Task task)
    {
        var list = task.EffectivePriority;
        _lists[list].Remove(task);
        Waiting--;
        if (!_lists[list].IsEmpty)
            return;
        if (list < 64)
            _low &= ~(1UL << list);
        else
            _high &= ~(1UL << (list - 64));
    }

    /// <summary>Counts time used by real-time tasks.</summary>
    internal void Use(long now, long nanoseconds)
    {
        Refresh(now);
        _used += nanoseconds;
        IsThrottled |= _used > Budget;
    }

    /// <summary>Starts a new period when the old one is over.</summary>
    internal void Refresh(long now)
    {
        if (now - _periodStart < Period)
            return;
        _periodStart = now;
        _used = 0;
        IsThrottled = false;
    }

    private int FirstList() => _low != 0 ? BitOperations.TrailingZeroCount(_low) : 64 + BitOperations.TrailingZeroCount(_high);
}
