// A counter that tasks wait on while it is zero. The unit taken belongs to nobody: another task, or an interrupt, may give it back. A unit that
// is given back while somebody sleeps goes to who has slept longest, and is never in the counter.
// Contexts: Down in process context; TryDown and Up in any. Lock: _lock guards count and sleepers. No wake-up is lost: see GrantQueue.
// Linux: struct semaphore; down(), down_interruptible(), down_killable(), down_trylock(), down_timeout(), up().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sync;

public sealed class Semaphore
{
    private SpinLock<SleepingLockRank, IrqsOff> _lock; // guards count and sleepers
    private GrantQueue _sleepers;
    private int _count;

    public Semaphore(int count) => _count = count;

    /// <summary>Units to be had without sleeping: a hint.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes one unit; may sleep.</summary>
    /// <returns>None, or ERESTARTSYS when <paramref name="state"/> (Interruptible, Killable) allows signals and one came.</returns>
    public Errno Down(TaskState state = TaskState.Uninterruptible) => DownUntil(long.MaxValue, state);

    /// <summary>Takes one unit, or gives up at <paramref name="deadline"/> (monotonic nanoseconds) with ETIMEDOUT. May sleep.</summary>
    public Errno DownUntil(long deadline, TaskState state = TaskState.Uninterruptible)
    {
        Context.MightSleep();
        var current = Task.Current;
        using (_lock.Acquire())
        {
            if (TryTake())
                return Errno.None;
            _sleepers.Add(current);
        }

        var result = GrantQueue.Sleep(current, state, deadline);
        if (result == Errno.None)
            return result;
        using (_lock.Acquire())
            return _sleepers.GiveUp(current) ? result : Errno.None;
    }

    /// <summary>Takes one unit if there is one. Any context.</summary>
    public bool TryDown()
    {
        using (_lock.Acquire())
            return TryTake();
    }

    /// <summary>Gives one unit back. Any context.</summary>
    public void Up()
    {
        using (_lock.Acquire())
        {
            if (_sleepers.First is { } first)
                _sleepers.Grant(first);
            else
                Volatile.Write(ref _count, _count + 1);
        }
    }

    private bool TryTake()
    {
        if (_count <= 0)
            return false;
        Volatile.Write(ref _count, _count - 1);
        return true;
    }
}
