// One message on its way, or one piece of a stream: bytes, the files and the identity that go with them, and who sent it.
// Few bytes lie in the object itself, of which there are two sizes, up to a page in a frame, more in frames whose numbers stand in another. A
// hundred bytes so cost one object from a pool, and what is charged to the sender covers what the memory costs.
// Guard: the sender until it is queued; then the receiver's lock for its place, and the receiver's reading mutex for what is in it.
// Linux: struct sk_buff as net/unix/af_unix.c uses it.
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

internal sealed class UnixMessage
{
    private const int SmallBytes = 256, MiddleBytes = 1536;

    /// <summary>What an object is charged with, besides its few bytes: no less than Linux charges, so that as much is on its way.</summary>
    private const int ObjectCharge = 512, MiddleCharge = 768;

    private readonly byte[] _own;
    private Links<UnixMessage> _links;
    private FrameNumber _frame; // of the bytes, or of the frames' numbers when they are more than one
    private int _frames;        // of bytes

    private UnixMessage(int ownBytes) => _own = new byte[ownBytes];

    public static Pool<UnixMessage, Small> SmallPool { get; private set; } = null!;
    public static Pool<UnixMessage, Middle> MiddlePool { get; private set; } = null!;

    public int Length { get; private set; }

    /// <summary>Bytes that a stream's readers have taken already.</summary>
    public int Taken;

    /// <summary>The socket that sent it and is charged for it; its object stays until the message has gone.</summary>
    public UnixSocket Sender { get; private set; } = null!;

    public int Charge { get; private set; }

    /// <summary>Files that go with it; in flight while it is queued.</summary>
    public UnixRights? Rights;

    public bool HasCredentials;

    /// <summary>Of its writer, when <see cref="HasCredentials"/>.</summary>
    public SocketCredentials Credentials;

    public int Left => Length - Taken;

    public static void Init(int limit)
    {
        SmallPool = new Pool<UnixMessage, Small>("socket_message", limit);
        MiddlePool = new Pool<UnixMessage, Middle>("socket_message_2k", limit / 4);
    }

    /// <summary>A message of so many bytes, charged to its sender. ENOBUFS.</summary>
    public static Errno Create(UnixSocket sender, int length, out UnixMessage? message)
    {
        var isMiddle = length is > SmallBytes and <= MiddleBytes;
        if (!(isMiddle ? MiddlePool.TryTake(out message) : SmallPool.TryTake(out message)))
            return Errno.ENOBUFS;
        message.Length = length;
        message.Taken = 0;
        message.Rights = null;
        message.HasCredentials = false;
        message.Charge = isMiddle ? MiddleBytes + MiddleCharge : SmallBytes + ObjectCharge;
        if (length > MiddleBytes && !message.TryTakeFrames())
        {
            message.GiveBack();
            message = null;
            return Errno.ENOBUFS;
        }

        message.Sender = sender;
        sender.AddCharge(message.Charge);
        return Errno.None;
    }

    /// <summary>Copies all its bytes in. False: a bad address.</summary>
    public bool TryFill(ref IoBuffer from)
    {
        if (_frames == 0)
            return from.CopyTo(_own.AsSpan(0, Length)) == Length;
        for (var at = 0; at < Length;)
        {
            var part = PieceAt(at, Length - at);
            if (from.CopyTo(part) < part.Length)
                return false;
            at += part.Length;
        }

        return true;
    }

    /// <summary>Copies up to <paramref name="count"/> bytes from the place <paramref name="at"/> on out; how many.</summary>
    public int CopyTo(ref IoBuffer to, int at, int count)
    {
        if (_frames == 0)
            return to.CopyFrom(_own.AsSpan(at, count));
        var copied = 0;
        while (copied < count)
        {
            var part = PieceAt(at + copied, count - copied);
            var put = to.CopyFrom(part);
            copied += put;
            if (put < part.Length)
                break;
        }

        return copied;
    }

    /// <summary>Gives it back, with what it has; the sender gets its room back. May sleep only when it carries files.</summary>
    public void Drop()
    {
        if (Rights is { } rights)
        {
            Rights = null;
            rights.Drop();
        }

        if (_frames != 0)
            GiveFrames();
        var sender = Sender;
        var charge = Charge;
        GiveBack();
        sender.Uncharge(charge);
    }

    private void GiveBack()
    {
        if (_own.Length == SmallBytes)
            SmallPool.Give(this);
        else
            MiddlePool.Give(this);
    }

    private Span<byte> PieceAt(int at, int most)
    {
        var frame = _frames == 1 ? _frame : new FrameNumber(Index[at >> Frames.Shift]);
        var offset = at & Frames.Size - 1;
        return Frames.Bytes(frame).Slice(offset, Math.Min(most, Frames.Size - offset));
    }

    private Span<uint> Index => MemoryMarshal.Cast<byte, uint>(Frames.Bytes(_frame));

    private bool TryTakeFrames()
    {
        var needed = (Length + Frames.Size - 1) >> Frames.Shift;
        if (!FrameAllocator.TryTakeUser(out _frame))
            return false;
        _frames = needed;
        Charge += needed << Frames.Shift;
        if (needed == 1)
            return true;
        Charge += Frames.Size;
        var index = Index;
        for (var i = 0; i < needed; i++)
        {
            if (FrameAllocator.TryTakeUser(out var frame))
            {
                index[i] = frame.Value;
                continue;
            }

            GiveIndexed(i);
            return false;
        }

        return true;
    }

    private void GiveFrames()
    {
        if (_frames == 1)
        {
            FrameAllocator.Give(_frame);
            _frames = 0;
            return;
        }

        GiveIndexed(_frames);
    }

    private void GiveIndexed(int count)
    {
        var index = Index;
        for (var i = 0; i < count; i++)
            FrameAllocator.Give(new FrameNumber(index[i]));
        FrameAllocator.Give(_frame);
        _frames = 0;
    }

    internal readonly struct InQueue : ILinksOf<UnixMessage>
    {
        public static ref Links<UnixMessage> Of(UnixMessage item) => ref item._links;
    }

    public readonly struct Small : IPooled<UnixMessage>
    {
        public static ref Links<UnixMessage> Of(UnixMessage item) => ref item._links;
        public static UnixMessage Create() => new(SmallBytes);
        public static int Bytes => SmallBytes + 192;
    }

    public readonly struct Middle : IPooled<UnixMessage>
    {
        public static ref Links<UnixMessage> Of(UnixMessage item) => ref item._links;
        public static UnixMessage Create() => new(MiddleBytes);
        public static int Bytes => MiddleBytes + 192;
    }
}
