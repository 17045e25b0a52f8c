// A place where tasks wait for a variable to change, without a queue of its own: four bytes in the object, and one of a fixed number of queues
// that places share. A wake-up names the place; sleepers of others on the same queue are passed by.
// The number that tells places apart is given when the first sleeper comes. No wake-up is lost: the sleeper numbers the place, with a full
// barrier, before it looks at its condition; a waker that finds no number after it has made the condition true has nobody to wake.
// Numbers come round after four billion places: two of one number wake each other needlessly, and each looks again.
// Contexts: waiting in process context; WakeUp in any. Locks: the shared queue's. Linux: wait_var_event(), wake_up_var(), bit_waitqueue().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

public struct WaitPlace
{
    internal const int UsualQueues = 256;

    private const int BitBits = 8;
    private const uint Spread = 2654435769; // 2^32 divided by the golden ratio: neighbours fall far apart

    private static WaitQueue[] s_queues = null!;
    private static int s_lastNumber;

    private int _number;

    /// <summary>Makes the shared queues; their number is a power of two. Boot.</summary>
    internal static void InitQueues(int count)
    {
        s_lastNumber = 0;
        s_queues = new WaitQueue[count];
        for (var i = 0; i < count; i++)
            s_queues[i] = new WaitQueue();
    }

    /// <summary>Sleeps until <paramref name="condition"/> holds; whoever makes it true calls <see cref="WakeUp"/> afterwards. May sleep.</summary>
    /// <returns>None; ERESTARTSYS.</returns>
    public Errno WaitEvent<T>(T subject, Func<T, bool> condition, TaskState state = TaskState.Uninterruptible) =>
        WaitEventUntil(subject, condition, long.MaxValue, state);

    /// <summary>The same, but gives up at <paramref name="deadline"/> (monotonic nanoseconds) with ETIMEDOUT.</summary>
    public Errno WaitEventUntil<T>(T subject, Func<T, bool> condition, long deadline, TaskState state = TaskState.Uninterruptible)
    {
        Context.MightSleep();
        if (condition(subject))
            return Errno.None;
        var wait = Begin(bit: 0, state, exclusive: false);
        wait.LimitUntil(deadline);
        for (wait.Prepare(); !condition(subject) && wait.MayGoOn(); wait.Prepare())
            wait.Sleep();
        return wait.Finish();
    }

    /// <summary>Makes those who wait here look again: the condition has been made true before. Any context.</summary>
    public void WakeUp() => WakeUp(bit: 0, int.MaxValue);

    /// <summary>A wait for one of the subjects at this place: zero, or a bit's number and one.</summary>
    internal Waiting Begin(int bit, TaskState state, bool exclusive)
    {
        var number = Number();
        return new Waiting(QueueOf(number), state, exclusive, KeyOf(number, bit));
    }

    internal void WakeUp(int bit, int exclusive)
    {
        // The condition is written before the number is read: on both sides a full barrier stands between.
        Interlocked.MemoryBarrier();
        Cpu.Interleave();
        var number = Volatile.Read(ref _number);
        if (number != 0)
            QueueOf(number).WakeUp(exclusive, TaskState.Normal, new WakeKey(KeyOf(number, bit)));
    }

    private int Number()
    {
        var number = Volatile.Read(ref _number);
        if (number != 0)
            return number;
        do
            number = Interlocked.Increment(ref s_lastNumber);
        while (number == 0);
        var before = Interlocked.CompareExchange(ref _number, number, 0);
        Cpu.Interleave();
        return before == 0 ? number : before;
    }

    private static WaitQueue QueueOf(int number) => s_queues[(int)(((uint)number * Spread) >> 16) & (s_queues.Length - 1)];

    private static ulong KeyOf(int number, int bit) => ((ulong)(uint)number << BitBits) | (uint)bit;
}
