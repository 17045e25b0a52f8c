// One function that runs soon in softirq context, on the CPU where it was scheduled (or where the vector's mask says), never on two at once, and
// once however often it was scheduled before it runs. Tasklets wait in lists, one per CPU for each of the two priorities.
// One that cannot run when its turn comes (it is disabled, or runs elsewhere) is parked: still scheduled, on no list, until whoever is in its
// way (the enabler, the runner at its end) puts it back. Nobody spins for it meanwhile.
// Ordering: Running is set before _disabled is read, and _disabled raised before Running is read; Parked is set before the obstacle is looked at
// again, and the obstacle removed before Parked is read. Whoever comes second sees the first; one of them takes Parked away atomically.
// Contexts: as each member says. Lock: each list's own. Linux: struct tasklet_struct, tasklet_action().
using System.Threading;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

/// <summary>A tasklet's work: softirq context, interrupts on, must not sleep.</summary>
public delegate void TaskletHandler(Tasklet tasklet);

public sealed partial class Tasklet
{
    private const int Scheduled = 1, Running = 2, Parked = 4;

    private static WaitQueue s_idle = null!; // those who wait in Kill

    private readonly TaskletHandler _handler;
    private Links<Tasklet> _links; // guarded by the list's lock
    private int _state;
    private int _disabled;
    private int _killers;

    // Set by whoever set Scheduled, and unchanged while it is set: the CPU and priority it was scheduled for.
    private int _home;
    private SoftirqVector _vector;

    /// <summary>At start-up, or in a pooled object that is made. The handler is a static lambda.</summary>
    /// <param name="isDisabled">It waits for <see cref="Enable"/> before it first runs. Linux: DECLARE_TASKLET_DISABLED().</param>
    public Tasklet([SoftirqContext] TaskletHandler handler, object? data = null, bool isDisabled = false)
    {
        _handler = handler;
        Data = data;
        _disabled = isDisabled ? 1 : 0;
    }

    /// <summary>For the handler. Changing it is the owner's business.</summary>
    public object? Data { get; set; }

    /// <summary>Waits for its turn, to be enabled, or for its own end elsewhere: a hint.</summary>
    public bool IsScheduled => (Volatile.Read(ref _state) & Scheduled) != 0;

    /// <summary>Its handler runs now on some CPU: a hint.</summary>
    public bool IsRunning => (Volatile.Read(ref _state) & Running) != 0;

    public bool IsDisabled => Volatile.Read(ref _disabled) != 0;

    /// <summary>Lets it run soon; false: it was scheduled already, and runs once for both. Any context. Linux: tasklet_schedule().</summary>
    public bool Schedule() => Schedule(SoftirqVector.Tasklet, first: false, wakesDaemon: true);

    /// <summary>The same before all tasklets of normal priority. Any context. Linux: tasklet_hi_schedule().</summary>
    public bool ScheduleHigh() => Schedule(SoftirqVector.Hi, first: false, wakesDaemon: true);

    /// <summary>The same, before those of high priority that wait already. Any context. Linux: tasklet_hi_schedule_first().</summary>
    public bool ScheduleHighFirst() => Schedule(SoftirqVector.Hi, first: true, wakesDaemon: true);

    /// <summary>High priority, for callers that see to it that this CPU comes to a reconciliation point.</summary>
    internal bool ScheduleHighQuietly() => Schedule(SoftirqVector.Hi, first: false, wakesDaemon: false);

    /// <summary>
    /// Forbids it to run, and waits for the end of a run under way; nests. Process or softirq context, interrupts on; not from its own handler.
    /// </summary>
    public void Disable()
    {
        DisableNoSync();
        UnlockWait();
    }

    /// <summary>Forbids it to run; a run under way goes on. Any context. Linux: tasklet_disable_nosync().</summary>
    public void DisableNoSync()
    {
        Interlocked.Increment(ref _disabled);
        Cpu.Interleave();
    }

    /// <summary>Takes one <see cref="Disable"/> back. A tasklet that was scheduled meanwhile runs now. Any context.</summary>
    public void Enable()
    {
        var left = Interlocked.Decrement(ref _disabled);
        Invariant.That(left >= 0, "tasklet enabled more often than disabled");
        Cpu.Interleave();
        if (left == 0 && TryUnpark())
            PutBack();
    }

    /// <summary>Waits, spinning, until it does not run. Process or softirq context, interrupts on. Linux: tasklet_unlock_wait().</summary>
    public void UnlockWait()
    {
        Invariant.That(!Preemption.InHardirq, "waiting for a tasklet in an interrupt");
        while (IsRunning)
            Cpu.Relax();
    }

    /// <summary>
    /// Waits until it is neither scheduled nor runs. One that is scheduled runs first, unless it is disabled: then it is forgotten. It may be scheduled
    /// again afterwards, not meanwhile (Schedule says false). Process context; may sleep. Linux: tasklet_kill().
    /// </summary>
    public void Kill()
    {
        Context.MightSleep();
        Interlocked.Increment(ref _killers);
        s_idle.WaitEvent(this, static tasklet => tasklet.TryClaim(), TaskState.Uninterruptible);
        s_idle.WaitEvent(this, static tasklet => !tasklet.IsRunning, TaskState.Uninterruptible);
        Interlocked.And(ref _state, ~Scheduled);
        Interlocked.Decrement(ref _killers);
        s_idle.WakeUpAll(); // other killers
    }

    private bool TryClaim() => (Interlocked.Or(ref _state, Scheduled) & Scheduled) == 0 || (IsDisabled && TryUnpark());

    private bool Schedule(SoftirqVector vector, bool first, bool wakesDaemon)
    {
        if ((Interlocked.Or(ref _state, Scheduled) & Scheduled) != 0)
            return false;
        var wereOn = Cpu.DisableInterrupts();
        _home = Cpu.Id;
        _vector = vector;
        Tasklets.Of(vector, _home).Add(this, first);
        if (wakesDaemon)
            Softirq.RaiseIrqsOff(vector);
        else
            Softirq.MarkPending(vector);
        Cpu.RestoreInterrupts(wereOn);
        return true;
    }

    /// <summary>Runs it, or parks it. It was on a list and is taken off. Softirq.</summary>
    internal void Run()
    {
        if (!TryBegin())
            return;
        Interlocked.And(ref _state, ~Scheduled); // before it runs: what is asked for meanwhile is another run
        Cpu.Interleave();
        _handler(this);
        Cpu.Interleave();
        End();
    }

    private bool TryBegin()
    {
        if ((Interlocked.Or(ref _state, Running) & Running) != 0)
        {
            ParkBehindRunner();
            return false;
        }

        Cpu.Interleave();
        if (!IsDisabled)
            return true;
        Interlocked.Or(ref _state, Parked);
        End();
        return false;
    }

    private void ParkBehindRunner()
    {
        Cpu.Interleave();
        Interlocked.Or(ref _state, Parked);
        Cpu.Interleave();
        if (!IsRunning && TryUnpark())
            PutBack();
    }

    private void End()
    {
        Interlocked.And(ref _state, ~Running);
        Cpu.Interleave();
        if (!IsDisabled && TryUnpark())
            PutBack();
        if (Volatile.Read(ref _killers) != 0)
            s_idle.WakeUpAll();
    }

    private bool TryUnpark() => (Volatile.Read(ref _state) & Parked) != 0 && (Interlocked.And(ref _state, ~Parked) & Parked) != 0;

    // To the end of the list it was on. Scheduled is set, so nobody else does.
    private void PutBack()
    {
        Tasklets.Of(_vector, _home).Add(this, first: false);
        Softirq.RaiseFor(_home, _vector);
    }

    internal readonly struct InList : ILinksOf<Tasklet>
    {
        public static ref Links<Tasklet> Of(Tasklet item) => ref item._links;
    }
}
