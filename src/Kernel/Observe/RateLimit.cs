// Keeps what programs can make the kernel say from filling the log: so many messages in a span of time, then a count of the rest.
// Contexts: any. Locks: none; a race between CPUs may let a message more through. Linux: struct ratelimit_state, printk_ratelimit().
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public struct RateLimit
{
    /// <summary>Messages in one span of <see cref="Interval"/> nanoseconds.</summary>
    public const int Burst = 10;

    public const long Interval = 5_000_000_000;

    private long _start;
    private int _said, _missed;

    /// <summary>True when one more message may be written. <paramref name="about"/> names the messages in the line that counts the missing ones.</summary>
    public bool Allows(string about)
    {
        var now = Clock.Now;
        var start = Volatile.Read(ref _start);
        if (start == 0 || now - start >= Interval)
            Begin(start, now, about);
        if (Interlocked.Increment(ref _said) <= Burst)
            return true;
        Interlocked.Increment(ref _missed);
        return false;
    }

    // Of several CPUs that see the end of a span, one begins the next.
    private void Begin(long start, long now, string about)
    {
        if (Interlocked.CompareExchange(ref _start, now, start) != start)
            return;
        Volatile.Write(ref _said, 0);
        var missed = Interlocked.Exchange(ref _missed, 0);
        if (missed != 0)
            KernelLog.Write(LogLevel.Warning, $"{about}: {missed} messages left out");
    }
}
