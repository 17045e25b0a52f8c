// One CPU's ordinary tasks under the O(1) policy: two arrays of lists, one list for each of the forty levels, and a bitmap of those that are not
// empty. Who has time left waits in the active array; who has used it up, in the expired one. When nobody is left in the active array, the two
// change their roles, which is a change of one index. So choosing costs the same however many tasks there are.
// Lock: the run queue's. Linux 2.6: struct runqueue, struct prio_array.
using System.Numerics;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

internal sealed class OrderOneQueue
{
    public const int Levels = 40;

    private readonly LinkedRing<Task, Task.InOrdinaryList>[] _lists = new LinkedRing<Task, Task.InOrdinaryList>[2 * Levels];
    private readonly ulong[] _bitmaps = new ulong[2]; // bit n: list n is not empty
    private int _active;                              // 0 or 1: which array is the active one

    /// <summary>Tasks that wait or run.</summary>
    public int Count;

    /// <summary>When the first task came to the expired array that still waits there; meaningless when it is empty.</summary>
    public long ExpiredSince { get; private set; }

    /// <summary>The best fixed level among those that expired since then.</summary>
    public int BestExpired { get; private set; } = Levels;

    public bool HasActive => _bitmaps[_active] != 0;

    public bool HasExpired => _bitmaps[_active ^ 1] != 0;

    public void AddActive(Task task, bool atEnd) => Add(task, _active, atEnd);

    public void AddExpired(Task task, int fixedLevel, long now)
    {
        if (!HasExpired)
        {
            ExpiredSince = now;
            BestExpired = Levels;
        }

        if (fixedLevel < BestExpired)
            BestExpired = fixedLevel;
        Add(task, _active ^ 1, atEnd: true);
    }

    public void Remove(Task task)
    {
        var index = task.OrderOneList;
        _lists[index].Remove(task);
        if (_lists[index].IsEmpty)
            _bitmaps[index / Levels] &= ~(1UL << (index % Levels));
    }

    /// <summary>A waiting task's turn comes only after the arrays have changed their roles.</summary>
    public bool IsExpired(Task task) => task.OrderOneList / Levels != _active;

    /// <summary>The first task of the best level that has time left, after a change of roles if nobody has; null: none waits.</summary>
    public Task? First()
    {
        if (!HasActive)
            _active ^= 1;
        return FirstOf(_active);
    }

    /// <summary>Somebody of that level has time left.</summary>
    public bool HasActiveOn(int level) => (_bitmaps[_active] & (1UL << level)) != 0;

    /// <summary>A task that may run on <paramref name="cpu"/>: those that wait longest for their turn first. Looks at so many at most.</summary>
    public Task? FindMovable(int cpu, int most)
    {
        for (var turn = 1; turn >= 0; turn--)
        {
            var array = _active ^ turn;
            for (var left = _bitmaps[array]; left != 0; left &= left - 1)
            {
                var index = array * Levels + BitOperations.TrailingZeroCount(left);
                for (var task = _lists[index].Last; task is not null; task = LinkedRing<Task, Task.InOrdinaryList>.Before(task))
                {
                    if (task.Affinity.Contains(cpu))
                        return task;
                    if (--most == 0)
                        return null;
                }
            }
        }

        return null;
    }

    private Task? FirstOf(int array)
    {
        var bitmap = _bitmaps[array];
        return bitmap == 0 ? null : _lists[array * Levels + BitOperations.TrailingZeroCount(bitmap)].First;
    }

    private void Add(Task task, int array, bool atEnd)
    {
        var index = array * Levels + task.OrderOneLevel;
        task.OrderOneList = index;
        if (atEnd)
            _lists[index].AddLast(task);
        else
            _lists[index].AddFirst(task);
        _bitmaps[array] |= 1UL << task.OrderOneLevel;
    }
}
