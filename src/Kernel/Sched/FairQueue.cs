// One CPU's waiting fair tasks, ordered by virtual run time, and the weight of all fair tasks there.
// Lock: the run queue's. Linux: struct cfs_rq.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

public sealed class FairQueue
{
    private RedBlackTree<Task, Task.InFairTree> _waiting;

    /// <summary>The waiting task whose clock is furthest behind, and furthest ahead.</summary>
    internal Task? FirstWaiting => _waiting.First;
    internal Task? LastWaiting => _waiting.Last;

    internal static Task? BeforeWaiting(Task task) => RedBlackTree<Task, Task.InFairTree>.Previous(task);

    internal void AddWaiting(Task task) => _waiting.Insert(task);

    internal void RemoveWaiting(Task task) => _waiting.Remove(task);

    /// <summary>The fair task that runs now; it is not in the tree.</summary>
    internal Task? Running;

    /// <summary>Fair tasks, waiting and running.</summary>
    public int Count { get; internal set; }

    /// <summary>Sum of the weights of waiting and running fair tasks: the queue's load.</summary>
    public long TotalWeight { get; internal set; }

    /// <summary>The virtual time that the most deserving task has reached: goes only forward. Newcomers start near it.</summary>
    public long MinimumTime { get; internal set; }

    internal void UpdateMinimum()
    {
        var minimum = MinimumTime;
        if (Running is { } running)
        {
            minimum = running.VirtualRunTime;
            if (_waiting.First is { } first && first.VirtualRunTime - minimum < 0)
                minimum = first.VirtualRunTime;
        }
        else if (_waiting.First is { } first)
        {
            minimum = first.VirtualRunTime;
        }

        if (minimum - MinimumTime > 0)
            MinimumTime = minimum;
    }
}
