// A System V shared memory segment: shared pages that live on while nobody maps them, found by id and key. It counts the areas that map it,
// and one for each shmat under way; when it was removed it goes with the last of these.
// Context: process. Lock: Lock (IpcObject) guards all. Pooled. Linux: struct shmid_kernel, shm_open(), shm_close(), shm_destroy().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

internal sealed class SharedSegment : IpcObject
{
    private Links<SharedSegment> _poolLinks;
    private readonly AreaOwner _owner;

    private SharedSegment() => _owner = new AreaOwner(this);

    public static Pool<SharedSegment, Pooled> Pool { get; private set; } = null!;

    public SharedPages Memory { get; private set; } = null!;

    /// <summary>Bytes, as asked for.</summary>
    public ulong Size { get; private set; }

    /// <summary>The key it was made under, which stays part of its name.</summary>
    public int FirstKey { get; private set; }

    /// <summary>Areas that map it, and attachments under way.</summary>
    public long Attachments { get; private set; }

    public int Creator { get; private set; }

    public int LastUser { get; private set; }

    /// <summary>Seconds since 1970; zero: never.</summary>
    public long AttachTime { get; private set; }

    public long DetachTime { get; private set; }

    public long Pages => (long)(MemoryLayout.PageUp(Size) >> MemoryLayout.PageShift);

    public static void Init(int limit) => Pool = new Pool<SharedSegment, Pooled>("shared_segment", limit);

    /// <summary>A segment of zeros that nobody can find yet. ENOMEM.</summary>
    public static Result<SharedSegment> Create(int key, ulong size, int mode)
    {
        if (!Pool.TryTake(out var made))
            return Errno.ENOMEM;
        made.Reset(key, mode);
        made.FirstKey = key;
        made.Size = size;
        made.Attachments = 0;
        made.AttachTime = made.DetachTime = 0;
        made.LastUser = 0;
        made.Creator = CurrentProcess;
        if (SharedPages.CreateOwned(made._owner, made.Pages) is { } pages)
        {
            made.Memory = pages;
            return made;
        }

        Pool.Give(made);
        return Errno.ENOMEM;
    }

    public override void Free()
    {
        Memory.Release();
        Memory = null!;
        Pool.Give(this);
    }

    /// <summary>Somebody is about to attach it: it stays until <see cref="LetGo"/>. Lock held.</summary>
    public void Hold()
    {
        if (!IpcFaults.Has(IpcFault.AttachNotCounted))
            Attachments++;
    }

    /// <summary>The end of what <see cref="Hold"/> began. The segment may be gone then.</summary>
    public void LetGo()
    {
        if (!IpcFaults.Has(IpcFault.AttachNotCounted))
            EndAttachment(isDetached: false);
    }

    private void Attached()
    {
        using (Lock.Acquire())
        {
            Attachments++;
            AttachTime = Now;
            LastUser = CurrentProcess;
        }
    }

    private void EndAttachment(bool isDetached)
    {
        bool isLast;
        using (Lock.Acquire())
        {
            if (isDetached)
            {
                DetachTime = Now;
                LastUser = CurrentProcess;
            }

            isLast = --Attachments == 0 && (Mode & SysVIpc.SHM_DEST) != 0;
            if (isLast)
                SharedSegments.Forget(this);
        }

        if (isLast)
            Free();
    }

    private sealed class AreaOwner(SharedSegment segment) : SharedPagesOwner
    {
        public override int Number => segment.Id;
        public override int NameKey => segment.FirstKey;
        public override void Attached() => segment.Attached();
        public override void Detached() => segment.EndAttachment(isDetached: true);
    }

    public readonly struct Pooled : IPooled<SharedSegment>
    {
        public static ref Links<SharedSegment> Of(SharedSegment item) => ref item._poolLinks;
        public static SharedSegment Create() => new();
        public static int Bytes => 352;
    }
}
