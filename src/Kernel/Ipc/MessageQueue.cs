// A POSIX message queue: messages by priority, senders that wait for room, receivers that wait for a message, and a process to be told of
// the first message in an empty queue. Those who wait are served by their own priority; a message for one that waits is handed over, and room
// that comes free is filled for a sender that waits.
// Context: process; Send and Receive may sleep. Lock: Lock (IpcWaitable) guards all. Pooled; belongs to its inode.
// Linux: struct mqueue_inode_info, do_mq_timedsend(), __do_notify(). man 7 mq_overview.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

internal sealed partial class MessageQueue : IpcWaitable
{
    private Links<MessageQueue> _poolLinks, _allLinks;
    private readonly WaitQueue _pollers = new();
    private RedBlackTree<Message, Message.ByPriority> _messages;
    private LinkedRing<IpcWaiter, IpcWaiter.InQueue> _senders, _receivers;
    private long _lastOrder, _bytes;
    private int _notifiedProcess; // zero: none
    private SignalEvent _notification;

    private MessageQueue()
    {
    }

    public static Pool<MessageQueue, Pooled> Pool { get; private set; } = null!;

    public long MaxMessages { get; private set; }

    /// <summary>The longest message.</summary>
    public long MessageBytes { get; private set; }

    /// <summary>Messages in it.</summary>
    public int Count => _messages.Count;

    /// <summary>Who made it, and what counts against that user's RLIMIT_MSGQUEUE.</summary>
    public uint UserId { get; private set; }

    public long Charge { get; private set; }

    public static void Init(int limit) => Pool = new Pool<MessageQueue, Pooled>("posix_queue", limit);

    /// <summary>An empty queue. Null: out of memory.</summary>
    public static MessageQueue? Create(long maxMessages, long messageBytes, uint user, long charge)
    {
        if (!Pool.TryTake(out var made))
            return null;
        made.MaxMessages = maxMessages;
        made.MessageBytes = messageBytes;
        made.UserId = user;
        made.Charge = charge;
        made._lastOrder = made._bytes = 0;
        made._notifiedProcess = 0;
        return made;
    }

    /// <summary>Nobody has it open, and it has no name.</summary>
    public void Free()
    {
        while (_messages.First is { } message)
        {
            _messages.Remove(message);
            message.Free();
        }

        Pool.Give(this);
    }

    /// <summary>mq_send. The message is the queue's when it succeeds, else still the caller's. May sleep.</summary>
    /// <returns>EAGAIN; ETIMEDOUT: <paramref name="deadline"/> of the real-time clock; ERESTARTSYS.</returns>
    public Errno Send(Message message, bool waits, long deadline)
    {
        Context.MightSleep();
        var token = TakeLock();
        var error = Errno.None;
        if (Count < MaxMessages)
            Enter(message, tells: true);
        else
            error = waits ? WaitForRoom(message, deadline, ref token) : Errno.EAGAIN;
        Unlock(token);
        return error;
    }

    private Errno WaitForRoom(Message message, long deadline, ref bool token)
    {
        var waiter = Task.Current.IpcWaiter;
        waiter.Message = message;
        waiter.QueueByPriority(ref _senders);
        var end = waiter.Sleep(this, ref token, deadline, ClockBase.RealTime);
        if (end != IpcWaitEnd.Served)
            waiter.GiveUp(ref _senders);
        waiter.Message = null;
        return Outcome(waiter, end);
    }

    private static Errno Outcome(IpcWaiter waiter, IpcWaitEnd end) => end switch
    {
        IpcWaitEnd.Served => waiter.Result,
        IpcWaitEnd.Late => Errno.ETIMEDOUT,
        _ => Errno.ERESTARTSYS,
    };

    // There is room. Lock held.
    private void Enter(Message message, bool tells)
    {
        if (_receivers.First is { } receiver)
        {
            receiver.Message = message;
            receiver.Serve(ref _receivers, Errno.None);
            return;
        }

        message.Order = ++_lastOrder;
        _messages.Insert(message);
        _bytes += message.Length;
        if (tells && Count == 1)
            Tell();
        _pollers.WakeUpAll(key: new WakeKey(POLLIN | POLLRDNORM));
    }

    /// <summary>mq_receive: the message is the caller's. May sleep.</summary>
    /// <returns>EAGAIN; ETIMEDOUT: <paramref name="deadline"/> of the real-time clock; ERESTARTSYS.</returns>
    public Result<Message> Receive(bool waits, long deadline)
    {
        Context.MightSleep();
        var token = TakeLock();
        Result<Message> result;
        if (_messages.First is { } message)
        {
            Take(message);
            result = message;
        }
        else
        {
            result = waits ? WaitForMessage(deadline, ref token) : Errno.EAGAIN;
        }

        Unlock(token);
        return result;
    }

    private Result<Message> WaitForMessage(long deadline, ref bool token)
    {
        var waiter = Task.Current.IpcWaiter;
        waiter.Message = null;
        waiter.QueueByPriority(ref _receivers);
        var end = waiter.Sleep(this, ref token, deadline, ClockBase.RealTime);
        if (end != IpcWaitEnd.Served)
            waiter.GiveUp(ref _receivers);
        var error = Outcome(waiter, end);
        if (error != Errno.None)
            return error;
        var message = waiter.Message!;
        waiter.Message = null;
        return message;
    }

    private void Take(Message message)
    {
        _messages.Remove(message);
        _bytes -= message.Length;
        if (IpcFaults.Has(IpcFault.RoomNotTold))
            return;
        if (_senders.First is { } sender)
        {
            Enter(sender.Message!, tells: false);
            sender.Serve(ref _senders, Errno.None);
        }
        else
        {
            _pollers.WakeUpAll(key: new WakeKey(POLLOUT | POLLWRNORM));
        }
    }

    /// <summary>Readable with a message in it, writable with room.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(_pollers);
        using (Lock.Acquire())
            return (Count > 0 ? POLLIN | POLLRDNORM : 0) | (Count < MaxMessages ? POLLOUT | POLLWRNORM : 0);
    }

    internal readonly struct InAll : ILinksOf<MessageQueue>
    {
        public static ref Links<MessageQueue> Of(MessageQueue item) => ref item._allLinks;
    }

    public readonly struct Pooled : IPooled<MessageQueue>
    {
        public static ref Links<MessageQueue> Of(MessageQueue item) => ref item._poolLinks;
        public static MessageQueue Create() => new();
        public static int Bytes => 384;
    }
}
