// One inotify instance: its watches by number, and the events that nobody has read yet. An event equal to the last one is not told again;
// when there are too many, one that says so stands at the end, and further ones are lost.
// Contexts: process. Lock: FileNotify's guards watches and events; the readers' queue is woken under it.
// No wake-up is lost: an event is queued under the lock, then the readers are woken; a reader is queued before it looks.
// Linux: struct fsnotify_group, fsnotify_add_event(), inotify_read(). man 7 inotify.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

using static FileConstants;
using static NotifyFlags;

internal sealed class NotifyQueue
{
    /// <summary>Bytes of struct inotify_event without a name; names are padded to a multiple.</summary>
    private const int HeaderBytes = 16;

    private readonly NotifyEvent _overflow = new();
    private readonly WaitQueue _readers = new();
    internal SignalListeners Listeners;
    private Links<NotifyQueue> _poolLinks;
    private LinkedRing<NotifyEvent, NotifyEvent.Pooled> _events;
    private RedBlackTree<NotifyWatch, NotifyWatch.InQueue> _watches;
    private long _most; // events unread, as the limit was when it was made
    private int _count, _lastNumber;

    private NotifyQueue() => _overflow.Set(-1, IN_Q_OVERFLOW, 0, default);

    public static Pool<NotifyQueue, Pooled> Pool { get; private set; } = null!;

    public FileAccount Account = null!;

    public static void Init(int limit) => Pool = new Pool<NotifyQueue, Pooled>("inotify", limit);

    /// <summary>EMFILE: the user has too many; ENOMEM.</summary>
    public static Errno Create(out NotifyQueue? made)
    {
        made = null;
        if (FileAccount.Get(Task.Current.Credentials.UserId) is not { } account)
            return Errno.ENOMEM;
        var error = account.NotifyQueues.TryCharge(FileNotify.MaxQueues) ? Errno.None : Errno.EMFILE;
        if (error == Errno.None && !Pool.TryTake(out made))
        {
            account.NotifyQueues.Release();
            error = Errno.ENOMEM;
        }

        if (error != Errno.None)
        {
            account.Drop();
            return error;
        }

        made!.Account = account;
        made._most = FileNotify.MaxEvents;
        made._count = made._lastNumber = 0;
        return Errno.None;
    }

    /// <summary>The last user has closed it.</summary>
    public void Close()
    {
        while (FileNotify.TakeFirst(this) is { } watch)
            FileNotify.Give(watch);
        using (FileNotify.Lock())
        {
            while (TakeLocked(int.MaxValue) is { } waiting)
                GiveBack(waiting);
        }

        Account.NotifyQueues.Release();
        Account.Drop();
        Pool.Give(this);
    }

    // The following are called with FileNotify's lock held.

    public NotifyWatch? First => _watches.First;

    public NotifyWatch? Find(int number) => _watches.Find<int, NotifyWatch.InQueue>(number);

    /// <summary>Numbers are not used again until they have all been used.</summary>
    public void Enter(NotifyWatch watch)
    {
        do
            watch.Number = _lastNumber = _lastNumber == int.MaxValue ? 1 : _lastNumber + 1;
        while (Find(watch.Number) is not null);
        _watches.Insert(watch);
    }

    public void Remove(NotifyWatch watch) => _watches.Remove(watch);

    public void Add(int watch, uint mask, uint cookie, ReadOnlySpan<byte> name)
    {
        if (_events.Last is { } last && last.Is(watch, mask, cookie, name))
            return;
        if (_count < _most && NotifyEvent.Pool.TryTake(out var made))
            made.Set(watch, mask, cookie, name);
        else if (LinkedRing<NotifyEvent, NotifyEvent.Pooled>.IsLinked(_overflow))
            return;
        else
            made = _overflow;
        _events.AddLast(made);
        _count++;
        _readers.WakeUp(key: new WakeKey(POLLIN | POLLRDNORM));
        Listeners.Signal(SignalCode.POLL_IN);
    }

    private NotifyEvent? TakeLocked(int room)
    {
        if (_events.First is not { } first || BytesOf(first) > room)
            return null;
        _events.Remove(first);
        _count--;
        return first;
    }

    private void GiveBack(NotifyEvent told)
    {
        if (told != _overflow)
            NotifyEvent.Pool.Give(told);
    }

    private static int BytesOf(NotifyEvent told) =>
        HeaderBytes + (told.NameLength == 0 ? 0 : (told.NameLength + HeaderBytes) / HeaderBytes * HeaderBytes);

    /// <summary>Bytes that could be read now: FIONREAD.</summary>
    public int ReadableBytes
    {
        get
        {
            var bytes = 0;
            using (FileNotify.Lock())
            {
                for (var told = _events.First; told is not null; told = LinkedRing<NotifyEvent, NotifyEvent.Pooled>.After(told))
                    bytes += BytesOf(told);
            }

            return bytes;
        }
    }

    /// <summary>Poll bits.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(_readers);
        using (FileNotify.Lock())
            return _events.IsEmpty ? 0 : POLLIN | POLLRDNORM;
    }

    /// <summary>As many events as there are and fit; the first is waited for. EAGAIN; ERESTARTSYS; EINVAL: the first does not fit.</summary>
    public Result<int> Read(ref IoBuffer to, bool isNonBlocking)
    {
        var start = to.Done;
        while (true)
        {
            var result = ReadSome(ref to);
            if (result != Errno.EAGAIN || to.Done > start)
                return to.Done > start && result != Errno.EFAULT ? to.Done - start : result;
            if (isNonBlocking)
                return Errno.EAGAIN;
            var error = _readers.WaitEvent(this, static queue => !queue._events.IsEmpty);
            if (error != Errno.None)
                return error;
        }
    }

    // EAGAIN: no more are there; EINVAL: the next does not fit.
    private Errno ReadSome(ref IoBuffer to)
    {
        while (true)
        {
            NotifyEvent? told;
            using (FileNotify.Lock())
            {
                if (_events.IsEmpty)
                    return Errno.EAGAIN;
                told = TakeLocked(to.Remaining);
            }

            if (told is null)
                return Errno.EINVAL;
            var isCopied = TryCopy(told, ref to);
            using (FileNotify.Lock())
                GiveBack(told);
            if (!isCopied)
                return Errno.EFAULT;
        }
    }

    private static bool TryCopy(NotifyEvent told, ref IoBuffer to)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes + NAME_MAX + HeaderBytes];
        var length = BytesOf(told);
        bytes.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, told.Watch);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(4), told.Mask);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(8), told.Cookie);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.Slice(12), length - HeaderBytes);
        told.Name.CopyTo(bytes.Slice(HeaderBytes));
        return to.CopyFrom(bytes.Slice(0, length)) == length;
    }

    /// <summary>What /proc/PID/fdinfo shows.</summary>
    public void Show(PagedText text)
    {
        var after = 0;
        while (FileNotify.TryDescribe(this, ref after, out var inode, out var device, out var mask))
            text.Append($"inotify wd:{after:x} ino:{inode:x} sdev:{device.Major << 20 | device.Minor:x} mask:{mask:x} ignored_mask:0 \n");
    }

    /// <summary>The first watch whose number is above <paramref name="number"/>.</summary>
    public NotifyWatch? After(int number) => _watches.FindAtOrAfter<int, NotifyWatch.InQueue>(number + 1);

    public readonly struct Pooled : IPooled<NotifyQueue>
    {
        public static ref Links<NotifyQueue> Of(NotifyQueue item) => ref item._poolLinks;
        public static NotifyQueue Create() => new();
        public static int Bytes => 640;
    }
}
