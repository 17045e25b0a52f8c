// The lists of scheduled tasklets: one per CPU and priority, emptied by the softirq of that priority. Usually a CPU empties its own; where a
// vector is tied to CPUs, one of those does.
// Contexts: any; handlers in softirq. Lock: each list's own, held for a few instructions. Linux: struct tasklet_head, tasklet_vec.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

internal readonly struct DeferredRank : ILockRank
{
    public static LockRank Rank => LockRank.Deferred;
}

internal sealed class Tasklets
{
    private static Tasklets[] s_normal = null!;
    private static Tasklets[] s_high = null!;

    private SpinLock<DeferredRank, IrqsOff> _lock; // guards the list and its items' links
    private LinkedRing<Tasklet, Tasklet.InList> _list;

    internal static void Init()
    {
        s_normal = MakeLists();
        s_high = MakeLists();
        Softirq.Register(SoftirqVector.Hi, static cpu => s_high[cpu].RunAll());
        Softirq.Register(SoftirqVector.Tasklet, static cpu => s_normal[cpu].RunAll());
    }

    internal static Tasklets Of(SoftirqVector vector, int cpu) => (vector == SoftirqVector.Hi ? s_high : s_normal)[cpu];

    internal void Add(Tasklet tasklet, bool first)
    {
        using (_lock.Acquire())
        {
            if (first)
                _list.AddFirst(tasklet);
            else
                _list.AddLast(tasklet);
        }
    }

    // What is scheduled while these run comes in the next round.
    private void RunAll()
    {
        LinkedRing<Tasklet, Tasklet.InList> mine;
        using (_lock.Acquire())
        {
            mine = _list;
            _list = default;
        }

        while (mine.RemoveFirst() is { } tasklet)
            tasklet.Run();
    }

    private static Tasklets[] MakeLists()
    {
        var lists = new Tasklets[Cpu.Count];
        for (var cpu = 0; cpu < lists.Length; cpu++)
            lists[cpu] = new Tasklets();
        return lists;
    }
}

public sealed partial class Tasklet
{
    internal static void Init()
    {
        s_idle = new Wait.WaitQueue();
        Tasklets.Init();
    }
}
