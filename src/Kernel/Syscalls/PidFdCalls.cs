// System calls of files that stand for processes. man 2 pidfd_open, pidfd_send_signal, pidfd_getfd.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

internal static class PidFdCalls
{
    public static long Open(int id, uint flags)
    {
        if ((flags & ~(uint)PidFile.PIDFD_NONBLOCK) != 0 || id <= 0)
            return -(long)Errno.EINVAL;
        var made = PidFile.Make((int)flags);
        if (!made.TryGet(out var file))
            return -(long)made.Error;
        var error = Tell(file, id);
        Result<int> installed = error;
        if (error == Errno.None)
            installed = Task.Current.Files!.Install(file, closeOnExec: true);
        if (!installed.IsOk)
            file.Drop();
        return SyscallResult.From(installed);
    }

    private static Errno Tell(OpenFile file, int id)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (TaskTree.Find(id) is not { } task)
                return Errno.ESRCH;
            if (task.Group.Id != id)
                return Errno.EINVAL; // a thread that leads no process
            PidFile.Tell(file, task);
            return Errno.None;
        }
    }

    public static long SendSignal(int descriptor, int signal, ulong infoAt, uint flags)
    {
        if (flags != 0)
            return -(long)Errno.EINVAL;
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = SendSignal(file, signal, infoAt);
        file.Drop();
        return -(long)error;
    }

    private static Errno SendSignal(OpenFile file, int signal, ulong infoAt)
    {
        var info = KillCalls.FromCaller(signal, SignalCode.SI_USER);
        if (infoAt != 0 && !KillCalls.TryReadInfo(infoAt, out info))
            return Errno.EFAULT;
        using (TaskTree.Lock.Acquire())
        {
            if (!file.Operations.TryGetProcess(file, out var process))
                return Errno.EBADF;
            if (info.Signal != signal)
                return Errno.EINVAL;
            if (infoAt != 0 && KillCalls.IsPretence(info) && process?.Leader != Task.Current)
                return Errno.EPERM;
            return process is null ? Errno.ESRCH : KillCalls.ToProcess(process, signal, info);
        }
    }

    public static long GetFd(int descriptor, int targetDescriptor, uint flags)
    {
        if (flags != 0)
            return -(long)Errno.EINVAL;
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = TakeFiles(file, out var files);
        file.Drop();
        if (error != Errno.None)
            return -(long)error;
        var target = files!.Get(targetDescriptor);
        files.Drop();
        if (target is null)
            return -(long)Errno.EBADF;
        var installed = Task.Current.Files!.Install(target, closeOnExec: true);
        if (!installed.IsOk)
            target.Drop();
        return SyscallResult.From(installed);
    }

    /// <summary>The process's descriptors, counted. EBADF: no such file; ESRCH: it has ended; EPERM: the caller may not look into it.</summary>
    private static Errno TakeFiles(OpenFile file, out FileTable? files)
    {
        files = null;
        using (TaskTree.Lock.Acquire())
        {
            if (!PidFile.TryFind(file, out var process))
                return Errno.EBADF;
            if (process is null)
                return Errno.ESRCH;
            if (!TaskAccess.MayAttach(process.Leader))
                return Errno.EPERM;
            files = process.Leader.Files;
            files?.AddUser();
            return files is null ? Errno.ESRCH : Errno.None;
        }
    }
}
