// The one place that switches tasks.
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>Gives the CPU to the best task; the caller sleeps if its state says so. Process context, may sleep.</summary>
    public static void Schedule()
    {
    }

    /// <summary>Schedule from a preemption point: the caller stays runnable whatever its state.</summary>
    public static void PreemptCurrent()
    {
    }

    /// <summary>Sleeps in the state already set, at most until <paramref name="deadline"/>. True: the deadline has passed.</summary>
    public static bool ScheduleUntil(long deadline) => false;

    /// <summary>Makes a sleeping task run if its state is among <paramref name="states"/>. Any context. True: it was asleep and is woken.</summary>
    public static bool TryToWakeUp(Task task, TaskState states) => false;

    /// <summary>Puts a new task on a run queue for the first time. Process context.</summary>
    public static void WakeUpNew(Task task)
    {
    }

    /// <summary>True when a signal must end a sleep in <paramref name="state"/>.</summary>
    public static bool IsSleepInterrupted(Task task, TaskState state) => false;
}
