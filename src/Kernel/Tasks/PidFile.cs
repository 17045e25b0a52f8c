// A file that stands for a process: what pidfd_open and CLONE_PIDFD give. It names the process by id and serial number and does not keep it:
// a process that took the same id later is never meant. It can be read by poll once the process has ended, reaped or not.
// Context: process; may sleep. Lock: TaskTree.Lock to find the process.
// No wake-up is lost: a poller registers, then looks; the last thread marks the end, then wakes. A queue outlives its process, whose memory
// stays a process's: a poller that still stands there when the next one ends is woken once too often. Linux: pidfd_fops. man 2 pidfd_open.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Tasks;

using static FileConstants;

internal sealed class PidFile : FileOperations
{
    private static readonly PidFile s_instance = new();

    /// <summary>PIDFD_NONBLOCK: waitid through the file does not wait.</summary>
    public const int PIDFD_NONBLOCK = O_NONBLOCK;

    /// <summary>A file for a process that is told with <see cref="Tell"/>. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make(int flags)
    {
        var made = EventFileSystem.MakeFile("[pidfd]"u8, s_instance);
        if (!made.TryGet(out var place))
            return made.Error;
        var opened = OpenFile.Create(place, O_RDWR | (flags & O_NONBLOCK));
        place.Inode.PrivateNumber = 1; // from now on it cannot be opened again, through /proc
        place.Drop();
        return opened;
    }

    /// <summary>Says which process it stands for. TaskTree.Lock held.</summary>
    public static void Tell(OpenFile file, Task leader) => file.PrivateNumber = (long)leader.Serial << 32 | (uint)leader.Id;

    public override Errno Open(OpenFile file) => file.Inode.PrivateNumber == 0 ? Errno.None : Errno.ENXIO;

    public override bool IsSeekable => false;
    public override Result<long> Seek(OpenFile file, long offset, int whence) => Errno.ESPIPE;

    public override bool TryGetProcess(OpenFile file, out ThreadGroup? process)
    {
        process = Find(file);
        return true;
    }

    /// <summary>The process of a file of this kind; null: it has gone. False: another kind of file. TaskTree.Lock held.</summary>
    public static bool TryFind(OpenFile file, out ThreadGroup? process)
    {
        process = null;
        return file.Operations == s_instance && s_instance.TryGetProcess(file, out process);
    }

    public override uint Poll(OpenFile file, PollTable? table)
    {
        var asksFirst = EventFaults.Has(EventFault.AskedBeforeRegistering);
        var early = asksFirst ? Ask(file) : 0;
        WaitQueue? queue;
        using (TaskTree.Lock.Acquire())
            queue = Find(file)?.EndWait;
        if (queue is not null)
            table?.Register(queue);
        Machine.Cpu.Interleave();
        return asksFirst ? early : Ask(file);
    }

    private static uint Ask(OpenFile file)
    {
        using (TaskTree.Lock.Acquire())
            return Find(file) is { IsZombie: false } ? 0 : POLLIN | POLLRDNORM;
    }

    public override void ShowInformation(OpenFile file, PagedText text)
    {
        int id;
        using (TaskTree.Lock.Acquire())
            id = Find(file)?.Id ?? -1;
        text.Append($"Pid:\t{id}\nNSpid:\t{id}\n");
    }

    private static ThreadGroup? Find(OpenFile file)
    {
        var task = TaskTree.Find((int)file.PrivateNumber);
        return task is not null && task.Serial == (uint)(file.PrivateNumber >> 32) ? task.Group : null;
    }
}
