// A counter that is a file: writing adds, reading takes all of it, or one at a time as from a semaphore. Parts of the kernel add, too.
// Contexts: Signal in any; the rest in process context. Locks: none; the count changes by compare-and-exchange.
// No wake-up is lost: the count changes with a full barrier, then the queue is looked at; a sleeper queues itself, publishes its state with
// a full barrier, then looks at the count. So nothing is spent on waking while nobody waits.
// Linux: struct eventfd_ctx, eventfd_read(), eventfd_write(), eventfd_signal(). man 2 eventfd.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

public sealed class EventCounter
{
    /// <summary>What writing can bring it to at most; the kernel's signals can bring it one further, which is an overflow.</summary>
    public const ulong Most = ulong.MaxValue - 1;

    private static int s_lastId;

    private readonly WaitQueue _waiters = new();
    private Links<EventCounter> _poolLinks;
    private ulong _count;

    private EventCounter()
    {
    }

    public static Pool<EventCounter, Pooled> Pool { get; private set; } = null!;

    public bool IsSemaphore { get; private set; }

    /// <summary>What fdinfo shows, to tell one from another.</summary>
    public int Id { get; private set; }

    public ulong Count => Volatile.Read(ref _count);

    /// <summary>At most <paramref name="limit"/> in the whole system.</summary>
    public static void Init(int limit)
    {
        Pool = new Pool<EventCounter, Pooled>("eventfd", limit);
        s_lastId = -1;
    }

    /// <summary>Null: out of memory.</summary>
    public static EventCounter? Create(uint count, bool isSemaphore)
    {
        if (!Pool.TryTake(out var made))
            return null;
        made._count = count;
        made.IsSemaphore = isSemaphore;
        made.Id = Interlocked.Increment(ref s_lastId);
        return made;
    }

    /// <summary>The last user has closed it.</summary>
    public void Close() => Pool.Give(this);

    /// <summary>Adds from within the kernel, as much as fits; tells how much did. Any context.</summary>
    public ulong Signal(ulong value)
    {
        while (true)
        {
            var count = Count;
            var added = System.Math.Min(value, ulong.MaxValue - count);
            if (!TryChange(count, count + added))
                continue;
            Tell(POLLIN | (count + added == ulong.MaxValue ? POLLERR : 0));
            return added;
        }
    }

    /// <summary>Takes what there is, waiting for it unless <paramref name="isNonBlocking"/>. EAGAIN; ERESTARTSYS.</summary>
    public Result<ulong> Take(bool isNonBlocking)
    {
        while (true)
        {
            if (TryTake(out var taken))
                return taken;
            if (isNonBlocking)
                return Errno.EAGAIN;
            var error = _waiters.WaitEvent(this, static counter => counter.Count != 0);
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Adds, waiting for room unless <paramref name="isNonBlocking"/>. EINVAL: more than it can ever hold; EAGAIN; ERESTARTSYS.</summary>
    public Errno Add(ulong value, bool isNonBlocking)
    {
        if (value > Most)
            return Errno.EINVAL;
        while (true)
        {
            if (TryAdd(value))
                return Errno.None;
            if (isNonBlocking)
                return Errno.EAGAIN;
            var error = _waiters.WaitEvent((Counter: this, Value: value), static wanted => HasRoom(wanted.Counter.Count, wanted.Value));
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Poll bits.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(_waiters);
        var count = Count;
        return (count > 0 ? POLLIN : 0) | (count < Most ? POLLOUT : 0) | (count == ulong.MaxValue ? POLLERR : 0);
    }

    private static bool HasRoom(ulong count, ulong value) => count <= Most && value <= Most - count;

    private bool TryTake(out ulong taken)
    {
        while (true)
        {
            var count = Count;
            taken = IsSemaphore ? 1 : count;
            if (count == 0)
                return false;
            if (!TryChange(count, count - taken))
                continue;
            Tell(POLLOUT);
            return true;
        }
    }

    private bool TryAdd(ulong value)
    {
        while (true)
        {
            var count = Count;
            if (!HasRoom(count, value))
                return false;
            if (!TryChange(count, count + value))
                continue;
            Tell(POLLIN);
            return true;
        }
    }

    private bool TryChange(ulong from, ulong to)
    {
        if (EventFaults.Has(EventFault.WaitersSoughtFirst))
            _someoneWaits = !_waiters.IsEmpty;
        Cpu.Interleave();
        var isDone = Interlocked.CompareExchange(ref _count, to, from) == from;
        Cpu.Interleave();
        return isDone;
    }

    private void Tell(uint events)
    {
        if (EventFaults.Has(EventFault.WaitersSoughtFirst) ? _someoneWaits : !_waiters.IsEmpty)
            _waiters.WakeUp(key: new WakeKey(events));
    }

    private bool _someoneWaits; // only for a deliberate mistake

    public readonly struct Pooled : IPooled<EventCounter>
    {
        public static ref Links<EventCounter> Of(EventCounter item) => ref item._poolLinks;
        public static EventCounter Create() => new();
        public static int Bytes => 160;
    }
}
