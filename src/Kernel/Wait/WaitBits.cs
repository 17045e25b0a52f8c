// A word of flags that tasks wait for bit by bit, without a queue of its own: until a bit is clear, or to set it as a lock.
// No wake-up is lost: a sleeper is queued before it looks at the bit; who clears a bit does so, with a full barrier, before it wakes (WaitPlace).
// A lock bit is handed on by waking one of its exclusive sleepers, which tries again; one that gives up passes the wake-up on.
// Contexts: waiting in process context; clearing and waking in any. Locks: the shared queue's.
// Linux: wait_on_bit(), wait_on_bit_lock(), wake_up_bit(), clear_and_wake_up_bit().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

public struct WaitBits
{
    private int _word;
    private WaitPlace _place;

    /// <summary>True when the bit is set now.</summary>
    public bool IsSet(int bit) => (Volatile.Read(ref _word) & (1 << bit)) != 0;

    /// <summary>Sets a bit; tells whether it was set before. Any context.</summary>
    public bool TestAndSet(int bit)
    {
        var wasSet = (Interlocked.Or(ref _word, 1 << bit) & (1 << bit)) != 0;
        Cpu.Interleave();
        return wasSet;
    }

    /// <summary>Clears a bit without telling anybody: <see cref="WakeUp"/> may follow. Any context.</summary>
    public void Clear(int bit)
    {
        Interlocked.And(ref _word, ~(1 << bit));
        Cpu.Interleave();
    }

    /// <summary>Makes those who wait for the bit look again, of those who want to set it one. It was cleared before. Any context.</summary>
    public void WakeUp(int bit) => _place.WakeUp(bit + 1, exclusive: 1);

    /// <summary>Clears a bit and lets who waits for that go on. Any context.</summary>
    public void ClearAndWakeUp(int bit)
    {
        Clear(bit);
        WakeUp(bit);
    }

    /// <summary>Sleeps until the bit is clear, or <paramref name="deadline"/> (monotonic nanoseconds). May sleep.</summary>
    /// <returns>None; ERESTARTSYS; ETIMEDOUT. (Linux: EINTR, EAGAIN.)</returns>
    public Errno WaitWhileSet(int bit, TaskState state = TaskState.Uninterruptible, long deadline = long.MaxValue)
    {
        Context.MightSleep();
        if (!IsSet(bit))
            return Errno.None;
        var wait = _place.Begin(bit + 1, state, exclusive: false);
        wait.LimitUntil(deadline);
        for (wait.Prepare(); IsSet(bit) && wait.MayGoOn(); wait.Prepare())
            wait.Sleep();
        return wait.Finish();
    }

    /// <summary>Sleeps until the bit is clear and sets it, in one: the bit is a lock, which <see cref="ClearAndWakeUp"/> gives back. May sleep.</summary>
    /// <returns>None: it is the caller's; ERESTARTSYS; ETIMEDOUT.</returns>
    public Errno WaitAndSet(int bit, TaskState state = TaskState.Uninterruptible, long deadline = long.MaxValue)
    {
        Context.MightSleep();
        if (!TestAndSet(bit))
            return Errno.None;
        var wait = _place.Begin(bit + 1, state, exclusive: true);
        wait.LimitUntil(deadline);
        for (wait.Prepare(); TestAndSet(bit) && wait.MayGoOn(); wait.Prepare())
            wait.Sleep();
        return wait.Finish();
    }
}
