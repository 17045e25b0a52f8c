// A System V message queue: messages in the order they came, senders that wait for room and receivers that wait for a message. A message is
// handed to a receiver that waits for it, and a receiver enters for waiting senders what fits now: both are served in order.
// Context: process. Lock: Lock (IpcObject) guards all. Pooled. Linux: struct msg_queue, pipelined_send(), ss_wakeup().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

internal sealed class SysVQueue : IpcObject
{
    private Links<SysVQueue> _poolLinks;
    private LinkedRing<Message, Message.InQueue> _messages;
    private LinkedRing<IpcWaiter, IpcWaiter.InQueue> _senders, _receivers;

    private SysVQueue()
    {
    }

    public static Pool<SysVQueue, Pooled> Pool { get; private set; } = null!;

    /// <summary>Text in the queue, and messages; the most of either.</summary>
    public long Bytes, Count, MaxBytes;

    public int LastSender, LastReceiver;

    /// <summary>Seconds since 1970; zero: never.</summary>
    public long SendTime, ReceiveTime;

    public static void Init(int limit) => Pool = new Pool<SysVQueue, Pooled>("message_queue", limit);

    /// <summary>An empty queue that nobody can find yet. ENOMEM.</summary>
    public static Result<SysVQueue> Create(int key, int mode, long maxBytes)
    {
        if (!Pool.TryTake(out var made))
            return Errno.ENOMEM;
        made.Reset(key, mode);
        made.Bytes = made.Count = 0;
        made.MaxBytes = maxBytes;
        made.LastSender = made.LastReceiver = 0;
        made.SendTime = made.ReceiveTime = 0;
        return made;
    }

    public override void Free() => Pool.Give(this);

    public bool Fits(Message message) => message.Length + Bytes <= MaxBytes && Count < MaxBytes;

    /// <summary>Gives a message to a receiver that waits for it, or puts it at the end. It fits. Lock held.</summary>
    public void Enter(Message message, int sender)
    {
        LastSender = sender;
        SendTime = Now;
        if (TryHandOver(message))
            return;
        _messages.AddLast(message);
        Bytes += message.Length;
        Count++;
        SysVMessages.CountMessage(1, message.Length);
    }

    private bool TryHandOver(Message message)
    {
        for (var receiver = _receivers.First; receiver is not null;)
        {
            var next = LinkedRing<IpcWaiter, IpcWaiter.InQueue>.After(receiver);
            if (receiver.Accepts(message))
            {
                if (receiver.Room >= message.Length)
                {
                    LastReceiver = receiver.ProcessId;
                    ReceiveTime = Now;
                    receiver.Message = message;
                    receiver.Serve(ref _receivers, Errno.None);
                    return true;
                }

                receiver.Serve(ref _receivers, Errno.E2BIG);
            }

            receiver = next;
        }

        return false;
    }

    /// <summary>The message a receiver would get now; null: none. Lock held.</summary>
    public Message? Find(IpcWaiter receiver)
    {
        Message? found = null;
        var place = 0L;
        for (var message = _messages.First; message is not null; message = LinkedRing<Message, Message.InQueue>.After(message))
        {
            if (receiver.Choice == MessageChoice.ByPlace ? place++ != receiver.Type : !receiver.Accepts(message))
                continue;
            if (receiver.Choice != MessageChoice.LowestUpTo)
                return message;
            if (found is null || message.Type < found.Type)
                found = message;
        }

        return found;
    }

    /// <summary>Takes a message out for a receiver; senders that wait may find room then. Lock held.</summary>
    public void Take(Message message, int receiver)
    {
        _messages.Remove(message);
        Bytes -= message.Length;
        Count--;
        SysVMessages.CountMessage(-1, -message.Length);
        LastReceiver = receiver;
        ReceiveTime = Now;
        if (!IpcFaults.Has(IpcFault.RoomNotTold))
            EnterForSenders();
    }

    private void EnterForSenders()
    {
        for (var sender = _senders.First; sender is not null;)
        {
            var next = LinkedRing<IpcWaiter, IpcWaiter.InQueue>.After(sender);
            if (Fits(sender.Message!))
            {
                Enter(sender.Message!, sender.ProcessId);
                sender.Serve(ref _senders, Errno.None);
            }

            sender = next;
        }
    }

    public void QueueSender(IpcWaiter sender) => sender.Queue(ref _senders);

    public void QueueReceiver(IpcWaiter receiver) => receiver.Queue(ref _receivers);

    public void GiveUpSender(IpcWaiter sender) => sender.GiveUp(ref _senders);

    public void GiveUpReceiver(IpcWaiter receiver) => receiver.GiveUp(ref _receivers);

    /// <summary>Lets all who wait try again (EAGAIN), or tells them the end (EIDRM). Lock held.</summary>
    public void TurnAwayWaiters(Errno result)
    {
        if (IpcFaults.Has(IpcFault.SleepersForgotten))
            return;
        while (_receivers.First is { } receiver)
            receiver.Serve(ref _receivers, result);
        while (_senders.First is { } sender)
            sender.Serve(ref _senders, result);
    }

    /// <summary>The queue is removed: its messages, for the caller to free without the lock. Lock held.</summary>
    public LinkedRing<Message, Message.InQueue> TakeAll()
    {
        var all = _messages;
        _messages = default;
        SysVMessages.CountMessage(-Count, -Bytes);
        return all;
    }

    public readonly struct Pooled : IPooled<SysVQueue>
    {
        public static ref Links<SysVQueue> Of(SysVQueue item) => ref item._poolLinks;
        public static SysVQueue Create() => new();
        public static int Bytes => 320;
    }
}
