// A file that gives signals to whoever reads it: those of the reader's thread and process that its set names, in place of handlers. They
// must be blocked to be left for it. The file holds only the set; a child reads its own signals from the one it inherited.
// Context: process; may sleep. Locks: none here; the set is one word. Pending signals and who waits for them: Signals/SignalWait.cs.
// No wake-up is lost: a sender makes the signal pending under TaskTree.Lock, then wakes; a reader is queued before it looks under that lock.
// Linux: struct signalfd_ctx, signalfd_dequeue(). man 2 signalfd.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

internal sealed class SignalFile
{
    private Links<SignalFile> _poolLinks;
    private ulong _set;

    private SignalFile()
    {
    }

    public static Pool<SignalFile, Pooled> Pool { get; private set; } = null!;

    /// <summary>What it gives.</summary>
    public SignalSet Set
    {
        get => new(Volatile.Read(ref _set));
        private set => Volatile.Write(ref _set, value.Except(SignalSet.Unblockable).Bits);
    }

    /// <summary>At most <paramref name="limit"/> in the whole system.</summary>
    public static void Init(int limit) => Pool = new Pool<SignalFile, Pooled>("signalfd", limit);

    /// <summary>Null: out of memory.</summary>
    public static SignalFile? Create(SignalSet set)
    {
        if (!Pool.TryTake(out var made))
            return null;
        made.Set = set;
        return made;
    }

    /// <summary>The last user has closed it.</summary>
    public void Close() => Pool.Give(this);

    /// <summary>Another set from now on; who waits looks again.</summary>
    public void Change(SignalSet set)
    {
        Set = set;
        SignalWait.Arrivals.WakeUpAll();
    }

    /// <summary>One signal, waiting for it unless <paramref name="isNonBlocking"/>. EAGAIN; ERESTARTSYS.</summary>
    public Result<SignalInfo> Take(bool isNonBlocking)
    {
        while (true)
        {
            if (SignalWait.TryTake(Set, out var info))
                return info;
            if (isNonBlocking)
                return Errno.EAGAIN;
            var error = SignalWait.Arrivals.WaitEvent(this, static file => SignalWait.IsPending(file.Set));
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Readable while one of the caller's signals is pending.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(SignalWait.Arrivals);
        return SignalWait.IsPending(Set) ? FileConstants.POLLIN : 0;
    }

    public readonly struct Pooled : IPooled<SignalFile>
    {
        public static ref Links<SignalFile> Of(SignalFile item) => ref item._poolLinks;
        public static SignalFile Create() => new();
        public static int Bytes => 64;
    }
}
