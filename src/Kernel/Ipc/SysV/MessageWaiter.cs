// What a task that sleeps at a queue has to give, or wants to get. Guard: the queue's lock. Linux: struct msg_sender, msg_receiver.
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Ipc;

/// <summary>Which messages a receiver takes.</summary>
internal enum MessageChoice
{
    Any,
    OfType,

    /// <summary>Of any other type.</summary>
    NotOfType,

    /// <summary>Of the lowest type there is, up to one.</summary>
    LowestUpTo,

    /// <summary>By its place in the queue: MSG_COPY.</summary>
    ByPlace,
}

internal sealed partial class IpcWaiter
{
    /// <summary>A sender's, until the queue has it; a receiver's, when it was served.</summary>
    public Message? Message;

    /// <summary>The queue's id when it began to wait there.</summary>
    public int QueueId;

    /// <summary>A receiver's wish.</summary>
    public MessageChoice Choice;
    public long Type;

    /// <summary>Longer messages are not for this receiver.</summary>
    public long Room;

    /// <summary>True when the receiver waits for such a message.</summary>
    public bool Accepts(Message message) => Choice switch
    {
        MessageChoice.Any => true,
        MessageChoice.OfType => message.Type == Type,
        MessageChoice.NotOfType => message.Type != Type,
        MessageChoice.LowestUpTo => message.Type <= Type,
        _ => false,
    };

    /// <summary>The wish of msgrcv's type and flags.</summary>
    public void Choose(long type, int flags)
    {
        Type = type;
        if ((flags & SysVIpc.MSG_COPY) != 0)
            Choice = MessageChoice.ByPlace;
        else if (type == 0)
            Choice = MessageChoice.Any;
        else if (type > 0)
            Choice = (flags & SysVIpc.MSG_EXCEPT) != 0 ? MessageChoice.NotOfType : MessageChoice.OfType;
        else
            (Choice, Type) = (MessageChoice.LowestUpTo, type == long.MinValue ? long.MaxValue : -type);
    }
}
