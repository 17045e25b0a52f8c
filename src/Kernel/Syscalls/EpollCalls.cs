// System calls of epoll. man 2 epoll_create, epoll_ctl, epoll_wait.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

using static EpollFlags;

internal static class EpollCalls
{
    private const int MostEvents = int.MaxValue / EpollEvent.Bytes;

    /// <summary>epoll_create: the size is a hint of old that must be positive.</summary>
    public static long Create(int size) => size <= 0 ? -(long)Errno.EINVAL : Create1(0);

    public static long Create1(int flags)
    {
        if ((flags & ~EPOLL_CLOEXEC) != 0)
            return -(long)Errno.EINVAL;
        return OpenCalls.Install(EpollOperations.Make(), flags);
    }

    public static long Control(int set, int operation, int descriptor, ulong from)
    {
        var wanted = default(EpollEvent);
        if (operation != EPOLL_CTL_DEL && !UserAccess.TryRead(from, out wanted))
            return -(long)Errno.EFAULT;
        if (FileTable.GetCurrent(set) is not { } file)
            return -(long)Errno.EBADF;
        var error = Errno.EBADF;
        if (FileTable.GetCurrent(descriptor) is { } target)
        {
            error = Control(file, operation, target, descriptor, wanted);
            target.Drop();
        }

        file.Drop();
        return SyscallResult.From(error);
    }

    private static Errno Control(OpenFile file, int operation, OpenFile target, int descriptor, EpollEvent wanted)
    {
        if (file.IsPathOnly || target.IsPathOnly)
            return Errno.EBADF;
        if (!target.Operations.CanPoll)
            return Errno.EPERM;
        if (file == target || EpollOperations.TryGet(file) is not { } epoll)
            return Errno.EINVAL;
        if (!Task.Current.Credentials.Has(Capability.CAP_BLOCK_SUSPEND))
            wanted.Events &= ~EPOLLWAKEUP; // not an error: without the right it is as if it were not there
        return epoll.Control(file, operation, target, descriptor, wanted);
    }

    /// <summary>epoll_wait: <paramref name="timeout"/> in milliseconds, negative for ever.</summary>
    public static long Wait(int set, ulong to, int most, int timeout) => Wait(set, to, most, DeadlineIn(timeout));

    /// <summary>epoll_pwait: with a mask in force while waiting.</summary>
    public static long PWait(int set, ulong to, int most, int timeout, ulong mask, ulong maskSize)
    {
        var error = PollTimes.SetMask(mask, maskSize);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var result = Wait(set, to, most, DeadlineIn(timeout));
        PollTimes.RestoreMask(mask, result);
        return result;
    }

    /// <summary>epoll_pwait2: the time as a timespec, null for ever.</summary>
    public static long PWait2(int set, ulong to, int most, ulong timeout, ulong mask, ulong maskSize)
    {
        var deadline = PollTimes.ReadDeadline(timeout, out var error);
        if (error == Errno.None)
            error = PollTimes.SetMask(mask, maskSize);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var result = Wait(set, to, most, deadline);
        PollTimes.RestoreMask(mask, result);
        return result;
    }

    private static long DeadlineIn(int timeout) =>
        timeout < 0 ? long.MaxValue : PollCalls.DeadlineIn(timeout / 1000, timeout % 1000 * 1_000_000L);

    private static long Wait(int set, ulong to, int most, long deadline)
    {
        if (most is <= 0 or > MostEvents)
            return -(long)Errno.EINVAL;
        if (!UserAccess.IsUserRange(to, (ulong)most * EpollEvent.Bytes))
            return -(long)Errno.EFAULT;
        var borrowed = BorrowedFile.Get(set);
        if (borrowed.File is not { } file)
            return -(long)Errno.EBADF;
        Result<int> result = file.IsPathOnly ? Errno.EBADF : Errno.EINVAL;
        if (EpollOperations.TryGet(file) is { } epoll)
        {
            var events = new IoBuffer(to, (ulong)most * EpollEvent.Bytes);
            result = epoll.Wait(ref events, most, deadline);
        }

        borrowed.Return();
        return SyscallResult.From(result);
    }
}
