// A message between processes, of System V's or POSIX's queues: its type or priority, and its text, short ones within the object, long ones in
// frames. Contexts: process. Guard: its owner, who is the sender before it is queued, the queue's lock, and then the receiver.
// Linux: struct msg_msg, load_msg(), store_msg().
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal sealed class Message
{
    private Links<Message> _links; // of a queue in order of arrival, or of the pool
    private TreeLinks<Message> _orderLinks;
    private ShortText _short;
    private FrameArray<byte> _long;

    private Message()
    {
    }

    public static Pool<Message, Pooled> Pool { get; private set; } = null!;

    /// <summary>msgsnd's type, or the priority of a POSIX message.</summary>
    public long Type;

    /// <summary>Tells messages of one priority apart: what came first is less.</summary>
    public long Order;

    public int Length { get; private set; }

    public static void Init(int limit) => Pool = new Pool<Message, Pooled>("message", limit);

    /// <summary>A message of so many bytes, whatever they are. ENOMEM.</summary>
    public static Result<Message> Create(int length)
    {
        if (!Pool.TryTake(out var made))
            return Errno.ENOMEM;
        made.Length = length;
        if (length <= ShortText.Capacity || FrameArray<byte>.TryCreate(length, out made._long))
            return made;
        Pool.Give(made);
        return Errno.ENOMEM;
    }

    /// <summary>A message with a text from user memory. EFAULT, ENOMEM.</summary>
    public static Result<Message> Read(ulong from, int length)
    {
        var made = Create(length);
        if (!made.TryGet(out var message))
            return made;
        for (var at = 0; at < length;)
        {
            var part = message.Part(at);
            if (!UserMemory.TryRead(from + (ulong)at, part))
            {
                message.Free();
                return Errno.EFAULT;
            }

            at += part.Length;
        }

        return made;
    }

    /// <summary>Copies the first <paramref name="count"/> bytes out. EFAULT.</summary>
    public Errno Write(ulong to, int count)
    {
        for (var at = 0; at < count;)
        {
            var part = Part(at);
            part = part.Slice(0, Math.Min(part.Length, count - at));
            if (!UserMemory.TryWrite(to + (ulong)at, part))
                return Errno.EFAULT;
            at += part.Length;
        }

        return Errno.None;
    }

    /// <summary>Becomes like another, whose text is no longer. Does not sleep.</summary>
    public void CopyFrom(Message other)
    {
        Type = other.Type;
        for (var at = 0; at < other.Length;)
        {
            var part = other.Part(at);
            var into = Part(at);
            part = part.Slice(0, Math.Min(part.Length, into.Length));
            part.CopyTo(into);
            at += part.Length;
        }

        if (Length > ShortText.Capacity && other.Length <= ShortText.Capacity)
        {
            _long.From(0).Slice(0, other.Length).CopyTo(_short);
            _long.Free();
        }

        Length = other.Length;
    }

    public void Free()
    {
        _long.Free();
        Pool.Give(this);
    }

    private Span<byte> Part(int at)
    {
        if (Length > ShortText.Capacity)
            return _long.From(at);
        Span<byte> text = _short;
        return text.Slice(at, Length - at);
    }

    [InlineArray(Capacity)]
    private struct ShortText
    {
        public const int Capacity = 64;

        private byte _first;
    }

    internal readonly struct InQueue : ILinksOf<Message>
    {
        public static ref Links<Message> Of(Message item) => ref item._links;
    }

    /// <summary>The highest priority first, within one what came first.</summary>
    internal readonly struct ByPriority : ITreeItem<Message>
    {
        public static ref TreeLinks<Message> Links(Message item) => ref item._orderLinks;

        public static int Compare(Message a, Message b) =>
            a.Type != b.Type ? b.Type.CompareTo(a.Type) : a.Order.CompareTo(b.Order);

        public static bool IsAugmented => false;

        public static void Augment(Message item, Message? left, Message? right)
        {
        }
    }

    public readonly struct Pooled : IPooled<Message>
    {
        public static ref Links<Message> Of(Message item) => ref item._links;
        public static Message Create() => new();
        public static int Bytes => 256;
    }
}
