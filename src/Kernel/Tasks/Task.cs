// The task: a schedulable thread of control. Split by behaviour over the rooms: Task.Sched.cs, Task.Signals.cs and so on hold the
// fields of their room beside the code that guards them; here is what all share. Objects are pooled; fields are set anew by Fork.
// Locks: TaskTree.Lock guards family links; the state is written by the task itself or, to wake it, under its run queue's lock.
// Linux: struct task_struct.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

[InlineArray(Capacity)]
public struct TaskName
{
    /// <summary>Fifteen bytes and a NUL, as PR_SET_NAME has it.</summary>
    public const int Capacity = 16;

    private byte _first;
}

public sealed partial class Task : TaskContext
{
    private int _state;
    private TaskName _name;
    private Links<Task> _poolLinks;

    private Task()
    {
        _state = (int)TaskState.Dead;
        OwnWait = new WaitEntry(this);
        SleepTimer = CreateSleepTimer(this);
        TimeoutTimer = CreateTimeoutTimer(this);
        SleepAlarm = CreateSleepAlarm(this);
        FutexWaiter = new FutexWaiter(this);
        IpcWaiter = new IpcWaiter(this);
        RtWaiter = new RtWaiter(this);
        FlushBarrier = new FlushBarrier();
        HeldPlaces = CreateHeldPlaces();
    }

    /// <summary>The task that runs on this CPU.</summary>
    public static Task Current => (Task)Cpu.Current;

    /// <summary>Thread id: the number gettid shows. Zero for idle tasks.</summary>
    public int Id;

    /// <summary>The process it is a thread of.</summary>
    public ThreadGroup Group = null!;

    /// <summary>No user mode: a kernel thread or an idle task.</summary>
    public bool IsKernelThread;

    /// <summary>The entry for the one queue this task usually sleeps on.</summary>
    public WaitEntry OwnWait { get; }

    public TaskState State => (TaskState)Volatile.Read(ref _state);

    /// <summary>The running task sets its own state; what follows is read only after others can see it (full barrier).</summary>
    public void SetState(TaskState state)
    {
        TaskStateRules.Check(this, state, Who.Itself);
        Interlocked.Exchange(ref _state, (int)state);
        Cpu.Interleave();
    }

    /// <summary>The same without a barrier: for a task going back to running.</summary>
    public void SetStateRelaxed(TaskState state) => ChangeState(state, Who.Itself);

    /// <summary>Another changes the state: under WakeLock and the lock of its run queue, or while nobody else knows the task.</summary>
    internal void ChangeState(TaskState state, Who by)
    {
        TaskStateRules.Check(this, state, by);
        Volatile.Write(ref _state, (int)state);
    }

    /// <summary>How far its end has come. Guard: TaskTree.Lock.</summary>
    public ExitState ExitState { get; private set; }

    internal void ChangeExitState(ExitState state, Who by)
    {
        TaskStateRules.Check(ExitState, state, by);
        ExitState = state;
    }

    /// <summary>A signal may be waiting for delivery.</summary>
    public bool HasSignalPending => (Volatile.Read(ref WorkFlags) & WorkFlag.SignalPending) != 0;

    /// <summary>The name as /proc/PID/comm shows it, without NUL.</summary>
    public ReadOnlySpan<byte> Name
    {
        get
        {
            ReadOnlySpan<byte> all = _name;
            var length = all.IndexOf((byte)0);
            return length < 0 ? all : all.Slice(0, length);
        }
    }

    /// <summary>Sets the name, cut to fifteen bytes.</summary>
    public void SetName(ReadOnlySpan<byte> name)
    {
        Span<byte> all = _name;
        all.Clear();
        name.Slice(0, Math.Min(name.Length, TaskName.Capacity - 1)).CopyTo(all);
    }

    internal readonly struct Pooled : IPooled<Task>
    {
        public static ref Links<Task> Of(Task item) => ref item._poolLinks;
        public static Task Create() => new();
        public static int Bytes => 2944 + (LockChecks.KeepsPlaces ? HeldPlaces.Bytes : 0);
    }
}
