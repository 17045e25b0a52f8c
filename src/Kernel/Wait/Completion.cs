// "Something is done": waited for by whoever needs it, completed once for one waiter, or for all and for ever.
// Contexts: waiting in process context; completing in any. Locks: the queue's. No wake-up is lost: see WaitQueue.
// Linux: struct completion.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

public sealed class Completion
{
    private const int Forever = int.MaxValue / 2;

    private readonly WaitQueue _waiters = new();
    private int _done;

    /// <summary>True when a wait would not sleep.</summary>
    public bool IsDone => Volatile.Read(ref _done) > 0;

    /// <summary>Makes it new. Nobody may be waiting.</summary>
    public void Reset() => Volatile.Write(ref _done, 0);

    /// <summary>Lets one waiter go, now or when it comes. Any context.</summary>
    public void Complete()
    {
        Interlocked.Increment(ref _done);
        Cpu.Interleave();
        _waiters.WakeUp();
    }

    /// <summary>Lets all waiters go, also those to come. Any context.</summary>
    public void CompleteAll()
    {
        Interlocked.Exchange(ref _done, Forever);
        Cpu.Interleave();
        _waiters.WakeUpAll();
    }

    /// <summary>Sleeps until completed, and uses that completion up.</summary>
    /// <returns>None, or ERESTARTSYS when <paramref name="state"/> allows signals and one came.</returns>
    public Errno Wait(TaskState state = TaskState.Uninterruptible)
    {
        Context.MightSleep();
        return _waiters.WaitEvent(this, static c => c.TryWait(), state, exclusive: true);
    }

    /// <summary>Like <see cref="Wait"/>, but gives up at <paramref name="deadline"/> (monotonic nanoseconds) with ETIMEDOUT.</summary>
    public Errno WaitUntil(long deadline, TaskState state = TaskState.Uninterruptible)
    {
        Context.MightSleep();
        return _waiters.WaitEventUntil(this, static c => c.TryWait(), deadline, state, exclusive: true);
    }

    /// <summary>Uses one completion up if there is one. Any context.</summary>
    public bool TryWait()
    {
        while (true)
        {
            var done = Volatile.Read(ref _done);
            if (done <= 0)
                return false;
            if (done >= Forever / 2 || Interlocked.CompareExchange(ref _done, done - 1, done) == done)
                return true;
        }
    }
}
