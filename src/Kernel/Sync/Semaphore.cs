// A counter that tasks wait on while it is zero. The unit taken belongs to nobody: another task, or an interrupt, may give it back.
// Contexts: Down in process context; TryDown and Up in any. Locks: the queue's. No wake-up is lost: see WaitQueue.
// Linux: struct semaphore; down(), down_interruptible(), down_trylock(), down_timeout(), up().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public sealed class Semaphore
{
    private readonly WaitQueue _waiters = new();
    private int _count;

    public Semaphore(int count) => _count = count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes one unit; may sleep.</summary>
    /// <returns>None, or ERESTARTSYS when <paramref name="state"/> allows signals and one came.</returns>
    public Errno Down(TaskState state = TaskState.Uninterruptible)
    {
        Context.MightSleep();
        return _waiters.WaitEvent(this, static s => s.TryDown(), state, exclusive: true);
    }

    /// <summary>Takes one unit, or gives up at <paramref name="deadline"/> (monotonic nanoseconds) with ETIMEDOUT. May sleep.</summary>
    public Errno DownUntil(long deadline, TaskState state = TaskState.Uninterruptible)
    {
        Context.MightSleep();
        return _waiters.WaitEventUntil(this, static s => s.TryDown(), deadline, state, exclusive: true);
    }

    /// <summary>Takes one unit if there is one. Any context.</summary>
    public bool TryDown()
    {
        while (true)
        {
            var count = Volatile.Read(ref _count);
            if (count <= 0)
                return false;
            if (Interlocked.CompareExchange(ref _count, count - 1, count) == count)
                return true;
        }
    }

    /// <summary>Gives one unit back and wakes one waiter. Any context.</summary>
    public void Up()
    {
        Interlocked.Increment(ref _count);
        Cpu.Interleave();
        _waiters.WakeUp();
    }
}
