// Which task an inode of /proc is about, and which file of its directory it is, packed into Inode.PrivateNumber. The task is named by
// id and serial number, not kept: a file of /proc that stays open does not hold a dead task's memory; it just reads ESRCH.
// Locks: finding takes TaskTree.Lock; what is found is counted for the caller. Linux: struct proc_inode, get_proc_task().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

internal readonly struct TaskHandle
{
    /// <summary>Slots of a task's directory: 0 itself, then its table's entries; from here on descriptors, and what is told of each.</summary>
    public const int DescriptorSlot = 0x10000, DescriptorInformationSlot = 0x20000;

    private const int SerialShift = 39, IdShift = 24, SlotBits = 23;
    private const uint SerialMask = (1 << 64 - SerialShift) - 1;

    private readonly ulong _packed;

    private TaskHandle(ulong packed) => _packed = packed;

    private TaskHandle(int id, uint serial, bool isThread, int slot) =>
        _packed = (ulong)(serial & SerialMask) << SerialShift | (ulong)id << IdShift | (isThread ? 1UL << SlotBits : 0) | (uint)slot;

    public int Id => (int)(_packed >> IdShift & TaskTree.PidMax - 1);

    /// <summary>Below /proc/PID/task: about one thread, not the process.</summary>
    public bool IsThread => (_packed >> SlotBits & 1) != 0;

    public int Slot => (int)_packed & (1 << SlotBits) - 1;

    /// <summary>For the inode: unique among all names of /proc that are about tasks now.</summary>
    public ulong InodeNumber => _packed & (1UL << SerialShift) - 1;

    public static TaskHandle Of(Inode inode) => new((ulong)inode.PrivateNumber);

    /// <summary>TaskTree.Lock held.</summary>
    public static TaskHandle Of(Task task, bool isThread) => new(task.Id, task.Serial, isThread, 0);

    /// <summary>The same task's file of another slot.</summary>
    public TaskHandle At(int slot) => new(_packed & ~((1UL << SlotBits) - 1) | (uint)slot);

    /// <summary>The same task seen as a thread.</summary>
    public TaskHandle AsThread => new(_packed | 1UL << SlotBits);

    /// <summary>A new inode for the file, owned as the task's files are, with one user. ESRCH: the task has gone; ENOMEM.</summary>
    public Result<Inode> MakeInode(FileSystem fileSystem, uint mode, InodeOperations names, FileOperations files)
    {
        var made = Inode.Create(fileSystem, mode, names, files);
        if (!made.TryGet(out var inode))
            return made;
        inode.PrivateNumber = (long)_packed;
        inode.Number = InodeNumber;
        inode.LinkCount = inode.IsDirectory ? 2 : 1;
        if (TryUpdateOwner(inode))
            return inode;
        inode.Drop();
        return Errno.ESRCH;
    }

    /// <summary>Files of a task belong to whom it acts as; programs that may not be dumped would be the superuser's. False: it has gone.</summary>
    public bool TryUpdateOwner(Inode inode)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (Find() is not { } task)
                return false;
            inode.UserId = task.Credentials.EffectiveUserId;
            inode.GroupId = task.Credentials.EffectiveGroupId;
            return true;
        }
    }

    /// <summary>The task, or null when it has gone. TaskTree.Lock held.</summary>
    public Task? Find()
    {
        var task = TaskTree.Find(Id);
        return task is not null && (task.Serial & SerialMask) == (uint)(_packed >> SerialShift) ? task : null;
    }

    public bool IsAlive
    {
        get
        {
            using (TaskTree.Lock.Acquire())
                return Find() is not null;
        }
    }

    /// <summary>Its memory, counted; null with None when it has none (kernel threads, zombies). ESRCH.</summary>
    public Errno TakeMemory(out AddressSpace? memory)
    {
        using (TaskTree.Lock.Acquire())
        {
            var task = Find();
            memory = task?.Memory;
            memory?.AddUser();
            return task is null ? Errno.ESRCH : Errno.None;
        }
    }

    /// <summary>Its descriptors, counted; null when it has none or has gone.</summary>
    public FileTable? TakeFiles()
    {
        using (TaskTree.Lock.Acquire())
        {
            var files = Find()?.Files;
            files?.AddUser();
            return files;
        }
    }

    /// <summary>Its place in the tree, counted; null when it has none or has gone.</summary>
    public FileContext? TakeContext()
    {
        using (TaskTree.Lock.Acquire())
        {
            var context = Find()?.FileContext;
            context?.AddUser();
            return context;
        }
    }

    /// <summary>An open file of the task, counted; null: no such descriptor.</summary>
    public OpenFile? TakeFile(int descriptor)
    {
        if (TakeFiles() is not { } files)
            return null;
        var file = files.Get(descriptor);
        files.Drop();
        return file;
    }

    /// <summary>
    /// May the running task look into this one's memory and files: the superuser, a thread of the same process, or who has all the same ids.
    /// None, EACCES, ESRCH. Linux: ptrace_may_access().
    /// </summary>
    public Errno CheckInspect()
    {
        var current = Task.Current;
        ref var who = ref current.Credentials;
        using (TaskTree.Lock.Acquire())
        {
            if (Find() is not { } task)
                return Errno.ESRCH;
            if (task.Group == current.Group || who.Has(Capability.CAP_SYS_PTRACE))
                return Errno.None;
            return TaskAccess.HasOnlyIds(ref task.Credentials, who.FileUserId, who.FileGroupId)
                && TaskAccess.HasNoMore(task.Credentials, who.Capabilities.Effective) ? Errno.None : Errno.EACCES;
        }
    }
}
