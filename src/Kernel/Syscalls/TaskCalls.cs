// System calls of a process's life: fork, exec, exit, wait. man 2 of each.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Tasks.Exec;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class TaskCalls
{
    public static long Fork() => CloneCall(SignalNumber.SIGCHLD, 0, 0, 0, 0);

    public static long VFork() => CloneCall(Clone.CLONE_VFORK | Clone.CLONE_VM | SignalNumber.SIGCHLD, 0, 0, 0, 0);

    public static long CloneCall(ulong flags, ulong stack, ulong parentId, ulong childId, ulong tls) =>
        SyscallResult.From(Task.Fork(new CloneArguments
        {
            Flags = flags & ~Clone.CSIGNAL & uint.MaxValue,
            ExitSignal = (flags & Clone.CLONE_THREAD) != 0 ? 0 : (int)(flags & Clone.CSIGNAL),
            Stack = stack,
            ParentIdAddress = parentId,
            PidFdAddress = parentId,
            ChildIdAddress = childId,
            Tls = tls,
        }));

    /// <summary>Sizes of struct clone_args: the first, and the largest known.</summary>
    private const int CloneArgumentsMin = 64, CloneArgumentsMax = 88;

    public static long Clone3(ulong at, ulong size)
    {
        if (size > Frames.Size)
            return -(long)Errno.E2BIG;
        if (size < CloneArgumentsMin)
            return -(long)Errno.EINVAL;
        Span<byte> bytes = stackalloc byte[CloneArgumentsMax];
        bytes.Clear();
        var known = Math.Min((int)size, CloneArgumentsMax);
        if (!UserMemory.TryRead(at, bytes.Slice(0, known)))
            return -(long)Errno.EFAULT;
        if (!IsZero(at + CloneArgumentsMax, size > CloneArgumentsMax ? size - CloneArgumentsMax : 0))
            return -(long)Errno.E2BIG;
        return Clone3(bytes);
    }

    private static long Clone3(ReadOnlySpan<byte> bytes)
    {
        var flags = Word(bytes, 0);
        var exitSignal = Word(bytes, 4);
        var stack = Word(bytes, 5);
        var stackBytes = Word(bytes, 6);
        if ((flags & (Clone.CSIGNAL | Clone.CLONE_DETACHED)) != 0 || (flags & ~(Clone.CLONE_CLEAR_SIGHAND | uint.MaxValue)) != 0)
            return -(long)Errno.EINVAL;
        if (exitSignal > SignalNumber.Count || (stack == 0) != (stackBytes == 0))
            return -(long)Errno.EINVAL;
        if ((flags & (Clone.CLONE_THREAD | Clone.CLONE_PARENT)) != 0 && exitSignal != 0)
            return -(long)Errno.EINVAL;
        var error = ReadWantedId(Word(bytes, 8), Word(bytes, 9), out var wantedId);
        if (error != Errno.None)
            return SyscallResult.From(error);
        return SyscallResult.From(Task.Fork(new CloneArguments
        {
            Flags = flags,
            PidFdAddress = Word(bytes, 1),
            ChildIdAddress = Word(bytes, 2),
            ParentIdAddress = Word(bytes, 3),
            ExitSignal = (int)exitSignal,
            Stack = stack == 0 ? 0 : stack + stackBytes,
            Tls = Word(bytes, 7),
            WantedId = wantedId,
        }));
    }

    // set_tid: an id for each namespace, of which there is one. Control groups are not offered.
    private static Errno ReadWantedId(ulong at, ulong count, out int id)
    {
        id = 0;
        if (at == 0 != (count == 0) || count > 1)
            return Errno.EINVAL;
        if (count == 0)
            return Errno.None;
        if (!UserAccess.TryRead(at, out id))
            return Errno.EFAULT;
        return id is < 1 or >= TaskTree.PidMax ? Errno.EINVAL : Errno.None;
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(8 * index));

    private static bool IsZero(ulong at, ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            if (!UserAccess.TryRead(at + i, out byte value) || value != 0)
                return false;
        }

        return true;
    }

    public static long Execve(ulong path, ulong argv, ulong envp) => ExecveAt(FileConstants.AT_FDCWD, path, argv, envp, 0);

    public static long ExecveAt(int directory, ulong pathAt, ulong argv, ulong envp, int flags)
    {
        if (!FrameAllocator.TryTake(out var frame))
            return -(long)Errno.ENOMEM;
        var name = Frames.Bytes(frame);
        var length = UserAccess.ReadPath(pathAt, name);
        var error = length.IsOk ? Exec.Run(directory, name.Slice(0, length.Value), argv, envp, flags) : length.Error;
        FrameAllocator.Give(frame);

        // The new program starts with its registers as exec set them; there is no result to return.
        return error == Errno.None ? 0 : -(long)error;
    }

    public static long Unshare(ulong flags) => SyscallResult.From(Task.Unshare(flags));

    public static long Exit(int status)
    {
        Task.ExitCurrent((status & 0xff) << 8);
        return 0;
    }

    public static long ExitGroup(int status)
    {
        Task.ExitGroup((status & 0xff) << 8);
        return 0;
    }

    public static long Wait4(int id, ulong statusAt, int options, ulong usageAt)
    {
        const int known = WaitOptions.WNOHANG | WaitOptions.WUNTRACED | WaitOptions.WCONTINUED
            | WaitOptions.__WNOTHREAD | WaitOptions.__WALL | WaitOptions.__WCLONE;
        if ((options & ~known) != 0)
            return -(long)Errno.EINVAL;
        if (id == int.MinValue)
            return -(long)Errno.ESRCH;
        var request = new WaitRequest { Options = options | WaitOptions.WEXITED };
        if (id > 0)
            (request.IdType, request.Id) = (WaitOptions.P_PID, id);
        else if (id != -1)
            (request.IdType, request.Id) = (WaitOptions.P_PGID, -id);
        var result = Task.WaitForChild(request);
        if (!result.TryGet(out var report))
            return -(long)result.Error;
        if (report.ProcessId == 0)
            return 0;
        if (statusAt != 0 && !UserAccess.TryWrite(statusAt, report.Status))
            return -(long)Errno.EFAULT;
        if (usageAt != 0 && !LimitCalls.TryWriteUsage(usageAt, report.Usage))
            return -(long)Errno.EFAULT;
        return report.ProcessId;
    }

    public static long WaitId(int idType, int id, ulong infoAt, int options, ulong usageAt)
    {
        const int known = WaitOptions.WNOHANG | WaitOptions.WNOWAIT | WaitOptions.WEXITED | WaitOptions.WSTOPPED | WaitOptions.WCONTINUED
            | WaitOptions.__WNOTHREAD | WaitOptions.__WALL | WaitOptions.__WCLONE;
        if ((options & ~known) != 0 || (options & (WaitOptions.WEXITED | WaitOptions.WSTOPPED | WaitOptions.WCONTINUED)) == 0)
            return -(long)Errno.EINVAL;
        var isBad = idType switch
        {
            WaitOptions.P_ALL => false,
            WaitOptions.P_PID => id <= 0,
            WaitOptions.P_PGID or WaitOptions.P_PIDFD => id < 0,
            _ => true,
        };
        if (isBad)
            return -(long)Errno.EINVAL;
        var request = new WaitRequest { IdType = idType, Id = id, Options = options };
        if (idType == WaitOptions.P_PIDFD)
        {
            var error = FindByFile(ref request);
            if (error != Errno.None)
                return -(long)error;
        }

        var result = Task.WaitForChild(request);
        if (!result.TryGet(out var report))
            return -(long)result.Error;
        if (report.ProcessId == 0 && ((request.Options ^ options) & WaitOptions.WNOHANG) != 0)
            return -(long)Errno.EAGAIN;
        if (usageAt != 0 && report.ProcessId != 0 && !LimitCalls.TryWriteUsage(usageAt, report.Usage))
            return -(long)Errno.EFAULT;
        return infoAt != 0 && !TryWriteInfo(infoAt, report) ? -(long)Errno.EFAULT : 0;
    }

    // The process that a descriptor stands for, by its id; one that has gone is nobody's child. With O_NONBLOCK it is not waited for.
    private static Errno FindByFile(ref WaitRequest request)
    {
        if (FileTable.GetCurrent(request.Id) is not { } file)
            return Errno.EBADF;
        Errno error;
        using (TaskTree.Lock.Acquire())
        {
            error = PidFile.TryFind(file, out var process) ? process is null ? Errno.ECHILD : Errno.None : Errno.EBADF;
            (request.IdType, request.Id) = (WaitOptions.P_PID, process?.Id ?? 0);
        }

        if (file.IsNonBlocking)
            request.Options |= WaitOptions.WNOHANG;
        file.Drop();
        return error;
    }

    private static bool TryWriteInfo(ulong to, in WaitReport report)
    {
        Span<byte> bytes = stackalloc byte[SignalInfo.Bytes];
        bytes.Clear();
        if (report.ProcessId != 0)
        {
            var status = report.Code switch
            {
                ChildCode.CLD_STOPPED => report.Status >> 8,
                ChildCode.CLD_CONTINUED => SignalNumber.SIGCONT,
                _ => SignalSender.StatusForInfo(report.Status),
            };
            var info = new SignalInfo
            {
                Signal = SignalNumber.SIGCHLD,
                Code = report.Code,
                ProcessId = report.ProcessId,
                UserId = report.UserId,
                Value = (uint)status,
            };
            info.Encode(bytes);
        }

        // Only the members that the manual names are written: the first 32 bytes.
        return UserMemory.TryWrite(to, bytes.Slice(0, 32));
    }

    public static long SetTidAddress(ulong address)
    {
        Task.Current.ClearChildId = address;
        return Task.Current.Id;
    }
}
