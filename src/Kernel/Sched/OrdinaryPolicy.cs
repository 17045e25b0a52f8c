// What serves SCHED_OTHER, SCHED_BATCH and SCHED_IDLE, after the real-time class and before idling. There are several, each Linux's own in its
// time; the word `sched=NAME` on the kernel command line chooses one for the whole run (see OrdinaryPolicies).
// Contexts and lock: see SchedulingClass.
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

public abstract class OrdinaryPolicy : SchedulingClass
{
    public sealed override int Rank => 50;

    /// <summary>How many of its tasks wait or run on a CPU. The queue is locked.</summary>
    public abstract int CountOf(RunQueue queue);

    /// <summary>How long the task would run, undisturbed, before others have their turn: nanoseconds, for sched_rr_get_interval. Any context, a hint.</summary>
    public abstract long SliceOf(Task task);

    /// <summary>
    /// A task has left for good, and its parent, which lives, may have back what it gave it in <see cref="SchedulingClass.Fork"/>.
    /// TaskTree.Lock held, no run queue's.
    /// </summary>
    public virtual void Exit(Task parent, Task child)
    {
    }
}
