// One wait of the running task, and the loop that all waits share:
//
//     var wait = new Waiting(queue, state);
//     for (wait.Prepare(); !condition && wait.MayGoOn(); wait.Prepare())
//         wait.Sleep();
//     return wait.Finish();
//
// The order is the argument (see WaitQueue.cs): queue, state, condition, sleep; whatever ended the sleep, all of it is done again.
// An exclusive sleeper may be taken off by a wake-up and yet give up, by a signal or a time-out that came first: Finish passes that wake-up on.
// Context: process; Sleep may sleep, the others need not. Locks: the queue's, inside. Linux: ___wait_event().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

public ref struct Waiting
{
    private readonly WaitQueue _queue;
    private readonly WaitEntry _entry;
    private readonly TaskState _state;
    private long _deadline = long.MaxValue;
    private long _ticks = Time.Sleep.Forever;
    private bool _isLate;
    private Errno _result;

    /// <summary>The calling task is about to wait on <paramref name="queue"/>, in its own entry: it can wait on one queue at a time.</summary>
    public Waiting(WaitQueue queue, TaskState state, bool exclusive = false)
        : this(queue, state, exclusive, place: 0)
    {
    }

    internal Waiting(WaitQueue queue, TaskState state, bool exclusive, ulong place)
    {
        _queue = queue;
        _state = state;
        _entry = Task.Current.OwnWait;
        _entry.IsExclusive = exclusive;
        _entry.Place = place;
    }

    /// <summary>Gives up at that time on the monotonic clock, in nanoseconds; long.MaxValue: never.</summary>
    public void LimitUntil(long deadline) => _deadline = deadline;

    /// <summary>Gives up after so many ticks; none at all: does not sleep. Not together with <see cref="LimitUntil"/>.</summary>
    public void LimitTicks(long ticks)
    {
        _ticks = ticks;
        _isLate = ticks <= 0;
    }

    /// <summary>Of <see cref="LimitTicks"/>.</summary>
    public readonly long TicksLeft => _ticks;

    /// <summary>Queues the task and publishes that it sleeps: what is read from now on is not older than that. Then look at the condition.</summary>
    public readonly void Prepare()
    {
        if (!WaitFaults.Has(WaitFault.TestedBeforeQueueing))
            _queue.PrepareToWait(_entry, WaitFaults.Has(WaitFault.StateSetAfterTest) ? TaskState.Running : _state);
    }

    /// <summary><see cref="Prepare"/> with the queue's lock held.</summary>
    public readonly void PrepareLocked() => _queue.PrepareToWaitLocked(_entry, _state);

    /// <summary>The condition does not hold: may the task sleep (again)? False: its time is up, or a signal must end this wait.</summary>
    public bool MayGoOn()
    {
        Cpu.Interleave(); // a wake-up that comes now finds the task asleep by its state
        _result = _isLate ? Errno.ETIMEDOUT : Scheduler.IsSleepInterrupted(_entry.Task, _state) ? Errno.ERESTARTSYS : Errno.None;
        return _result == Errno.None;
    }

    /// <summary>Gives the CPU away until woken. May sleep.</summary>
    public void Sleep()
    {
        if (WaitFaults.Has(WaitFault.TestedBeforeQueueing))
            _queue.PrepareToWait(_entry, _state);
        else if (WaitFaults.Has(WaitFault.StateSetAfterTest))
            _entry.Task.SetState(_state);
        if (_ticks == Time.Sleep.Forever)
        {
            _isLate = Scheduler.ScheduleUntil(_deadline);
            return;
        }

        _ticks = Time.Sleep.ScheduleTimeout(_ticks);
        _isLate = _ticks == 0;
    }

    /// <summary>The task runs and is off the queue.</summary>
    /// <returns>None; what <see cref="MayGoOn"/> found: ERESTARTSYS or ETIMEDOUT.</returns>
    public readonly Errno Finish()
    {
        if (!_queue.FinishWait(_entry) && MustPassOn)
            _queue.WakeUp(1, TaskState.Normal, new WakeKey(_entry.Place));
        return _result;
    }

    /// <summary><see cref="Finish"/> with the queue's lock held.</summary>
    public readonly Errno FinishLocked()
    {
        if (!_queue.FinishWaitLocked(_entry) && MustPassOn)
            _queue.WakeUpLocked(1, TaskState.Normal, new WakeKey(_entry.Place));
        return _result;
    }

    // A wake-up meant for one sleeper must not die with a sleeper that gives up: it goes to the next.
    private readonly bool MustPassOn => _entry.IsExclusive && _result != Errno.None && !WaitFaults.Has(WaitFault.WakeUpSwallowed);
}
