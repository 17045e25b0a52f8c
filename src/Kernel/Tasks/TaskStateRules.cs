// Which state of a task may follow which, and by whom: one table, from which docs/TaskStates.md is drawn. Every change of a state asks it: in the
// simulator always, on hardware with the word "check_states" on the kernel command line.
// It finds, for one, a condition that sleeps: a task whose state says already how it sleeps may not go to sleep in another way.
// Contexts: any. Locks: none; a task's state is its own or guarded as Task.ChangeState says. Linux: comments at TASK_*, __might_sleep().
using System;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

/// <summary>Who changes a task's state.</summary>
[Flags]
internal enum Who
{
    Nobody = 0,

    /// <summary>The running task.</summary>
    Itself = 1,

    /// <summary>Any task or handler that wakes it.</summary>
    Waker = 2,

    /// <summary>Who makes the task, before others know it.</summary>
    Maker = 4,

    /// <summary>The freezer.</summary>
    Freezer = 8,

    /// <summary>Who waits for a child's end.</summary>
    Parent = 16,
}

internal static class TaskStateRules
{
    private static bool s_checks;
    private static long s_checked;

    private enum Kind
    {
        New,
        Running,
        Interruptible,
        Uninterruptible,
        Killable,
        Idle,
        Stopped,
        Traced,
        Parked,
        Frozen,
        Dead,
        Alive,
        Zombie,
        Reaped,
        Unknown,
    }

    /// <summary>Changes looked at so far where it was asked for at boot. A hint.</summary>
    internal static long Checked => Volatile.Read(ref s_checked);

    /// <summary>Boot.</summary>
    internal static void Init(bool checks)
    {
        s_checks = checks;
        s_checked = 0;
    }

    // The table. One change a line, for `jiffy docs` reads it: from, to, who, and behind it why. No change to what already is stands here: that is always legal.
    private static Who MayChange(Kind from, Kind to) => (from, to) switch
    {
        (Kind.Dead, Kind.New) => Who.Maker, // fork: an object from the pool becomes a task
        (Kind.Dead, Kind.Running) => Who.Maker, // boot: a CPU's idle task
        (Kind.New, Kind.Dead) => Who.Maker, // fork failed half-way: the object goes back
        (Kind.New, Kind.Running) => Who.Waker, // woken for the first time
        (Kind.Running, Kind.Interruptible) => Who.Itself, // prepares to wait: for its event or any signal
        (Kind.Running, Kind.Uninterruptible) => Who.Itself, // prepares to wait: for its event alone
        (Kind.Running, Kind.Killable) => Who.Itself, // prepares to wait: for its event or a fatal signal
        (Kind.Running, Kind.Idle) => Who.Itself, // a thread waits for work, and is no load
        (Kind.Running, Kind.Stopped) => Who.Itself, // a stopping signal was taken
        (Kind.Running, Kind.Traced) => Who.Itself, // the tracer wants to look
        (Kind.Running, Kind.Parked) => Who.Itself, // a kernel thread was told to park
        (Kind.Running, Kind.Frozen) => Who.Itself, // the system freezes, and the task is between two things
        (Kind.Running, Kind.Dead) => Who.Itself, // the last switch away
        (Kind.Interruptible, Kind.Running) => Who.Itself | Who.Waker, // the event, a signal, or the wait is over before it slept
        (Kind.Uninterruptible, Kind.Running) => Who.Itself | Who.Waker, // the event, or the wait is over before it slept
        (Kind.Killable, Kind.Running) => Who.Itself | Who.Waker, // the event, a fatal signal, or the wait is over before it slept
        (Kind.Idle, Kind.Running) => Who.Itself | Who.Waker, // work, or the wait is over before it slept
        (Kind.Stopped, Kind.Running) => Who.Itself | Who.Waker, // SIGCONT or a fatal signal
        (Kind.Traced, Kind.Running) => Who.Itself | Who.Waker, // the tracer lets it go on, or a fatal signal
        (Kind.Parked, Kind.Running) => Who.Itself | Who.Waker, // unparked
        (Kind.Frozen, Kind.Running) => Who.Itself | Who.Waker, // the system thaws
        (Kind.Interruptible, Kind.Frozen) => Who.Freezer, // asleep and freezable
        (Kind.Uninterruptible, Kind.Frozen) => Who.Freezer, // asleep and freezable
        (Kind.Killable, Kind.Frozen) => Who.Freezer, // asleep and freezable
        (Kind.Idle, Kind.Frozen) => Who.Freezer, // asleep and freezable
        (Kind.Alive, Kind.Zombie) => Who.Itself, // exit: the process's first thread waits to be waited for
        (Kind.Alive, Kind.Reaped) => Who.Itself | Who.Maker, // exit: another thread, which nobody waits for; fork failed half-way
        (Kind.Zombie, Kind.Reaped) => Who.Parent, // wait4 and its kin; or nobody cares; or another thread's exec takes its place
        (Kind.Reaped, Kind.Alive) => Who.Maker, // fork: the object is used again
        _ => Who.Nobody,
    };

    /// <summary>Faults unless the table allows the change.</summary>
    internal static void Check(Task task, TaskState to, Who by)
    {
        if (MachineTraits.ChecksLocks || s_checks)
            Judge(KindOf(task.State), KindOf(to), by);
    }

    internal static void Check(ExitState from, ExitState to, Who by)
    {
        if (MachineTraits.ChecksLocks || s_checks)
            Judge(Kind.Alive + (int)from, Kind.Alive + (int)to, by);
    }

    private static void Judge(Kind from, Kind to, Who by)
    {
        if (s_checks)
            Interlocked.Increment(ref s_checked);
        if ((from != to && (MayChange(from, to) & by) == 0) || to == Kind.Unknown)
            Invariant.Fail(Describe(to));
    }

    private static Kind KindOf(TaskState state) => (state & ~TaskState.Freezable) switch
    {
        TaskState.Running => Kind.Running,
        TaskState.Interruptible => Kind.Interruptible,
        TaskState.Uninterruptible => Kind.Uninterruptible,
        TaskState.Killable => Kind.Killable,
        TaskState.Idle => Kind.Idle,
        TaskState.Stopped or TaskState.Stopped | TaskState.WakeKill => Kind.Stopped,
        TaskState.Traced or TaskState.Traced | TaskState.WakeKill => Kind.Traced,
        TaskState.Parked => Kind.Parked,
        TaskState.Frozen => Kind.Frozen,
        TaskState.Dead => Kind.Dead,
        TaskState.New => Kind.New,
        _ => Kind.Unknown,
    };

    private static string Describe(Kind to) => to switch
    {
        Kind.New => "illegal change of a task's state to new",
        Kind.Running => "illegal change of a task's state to running",
        Kind.Interruptible => "illegal change of a task's state to interruptible",
        Kind.Uninterruptible => "illegal change of a task's state to uninterruptible",
        Kind.Killable => "illegal change of a task's state to killable",
        Kind.Idle => "illegal change of a task's state to idle",
        Kind.Stopped => "illegal change of a task's state to stopped",
        Kind.Parked => "illegal change of a task's state to parked",
        Kind.Frozen => "illegal change of a task's state to frozen",
        Kind.Dead => "illegal change of a task's state to dead",
        Kind.Zombie or Kind.Reaped or Kind.Alive => "illegal change of how far a task's end has come",
        _ => "a task's state is none that there is",
    };
}
