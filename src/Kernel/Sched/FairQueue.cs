// One CPU's waiting fair tasks, ordered by virtual run time, and the weight of all fair tasks there.
// Lock: the run queue's. Linux: struct cfs_rq.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

public sealed class FairQueue
{
    internal RedBlackTree<Task, Task.InFairTree> Waiting;

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
            if (Waiting.First is { } first && first.VirtualRunTime - minimum < 0)
                minimum = first.VirtualRunTime;
        }
        else if (Waiting.First is { } first)
        {
            minimum = first.VirtualRunTime;
        }

        if (minimum - MinimumTime > 0)
            MinimumTime = minimum;
    }
}
