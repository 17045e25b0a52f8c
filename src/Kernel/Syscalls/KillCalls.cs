// System calls that send signals. man 2 kill, tgkill, rt_sigqueueinfo.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class KillCalls
{
    public static long Kill(int id, int signal)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (id > 0)
                return TaskTree.Find(id) is { } task ? -(long)ToProcess(task.Group, signal) : -(long)Errno.ESRCH;
            if (id == -1)
                return -(long)ToAll(signal);
            var group = id == 0 ? Task.Current.Group.ProcessGroup : id == int.MinValue ? null : ProcessGroup.Find(-id);
            return group is null ? -(long)Errno.ESRCH : -(long)ToGroup(group, signal);
        }
    }

    /// <summary>kill(-1): everybody but init and the caller's own process. As on Linux it is no failure that nobody may be signalled.</summary>
    private static Errno ToAll(int signal)
    {
        var isAnybody = false;
        var result = Errno.None;
        for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
        {
            if (process == TaskTree.Init || process == Task.Current.Group || process.Leader.IsKernelThread)
                continue;
            isAnybody = true;
            var error = ToProcess(process, signal);
            if (error != Errno.EPERM)
                result = error;
        }

        return isAnybody ? result : Errno.ESRCH;
    }

    /// <summary>Succeeds when at least one member could be signalled.</summary>
    private static Errno ToGroup(ProcessGroup group, int signal)
    {
        var result = Errno.ESRCH;
        for (var member = group.FirstMember; member is not null; member = ProcessGroup.After(member))
        {
            var error = ToProcess(member, signal);
            if (error == Errno.None || result != Errno.None)
                result = error;
        }

        return result;
    }

    private static Errno ToProcess(ThreadGroup process, int signal) => ToProcess(process, signal, FromCaller(signal, SignalCode.SI_USER));

    /// <summary>Signal zero only asks. EINVAL, EPERM, EAGAIN. TaskTree.Lock held.</summary>
    internal static Errno ToProcess(ThreadGroup process, int signal, in SignalInfo info)
    {
        if (signal is < 0 or > SignalNumber.Count)
            return Errno.EINVAL;
        if (!MayKill(process.Leader, signal))
            return Errno.EPERM;
        return signal == 0 ? Errno.None : SignalSender.SendToProcessLocked(process, info);
    }

    private static bool MayKill(Task target, int signal)
    {
        ref var mine = ref Task.Current.Credentials;
        ref var theirs = ref target.Credentials;
        if (mine.Has(Capability.CAP_KILL) || target.Group == Task.Current.Group)
            return true;
        if (mine.EffectiveUserId == theirs.SavedUserId || mine.EffectiveUserId == theirs.UserId)
            return true;
        if (mine.UserId == theirs.SavedUserId || mine.UserId == theirs.UserId)
            return true;
        return signal == SignalNumber.SIGCONT && target.Group.Session == Task.Current.Group.Session;
    }

    internal static SignalInfo FromCaller(int signal, int code)
    {
        var current = Task.Current;
        return SignalInfo.FromUser(signal, code, current.Group.Id, current.Credentials.UserId);
    }

    /// <summary>tgkill, and tkill with a group of -1.</summary>
    public static long TgKill(int groupId, int threadId, int signal, bool anyGroup = false)
    {
        if (threadId <= 0 || (!anyGroup && groupId <= 0))
            return -(long)Errno.EINVAL;
        return -(long)ToThread(anyGroup ? null : groupId, threadId, signal, FromCaller(signal, SignalCode.SI_TKILL));
    }

    private static Errno ToThread(int? groupId, int threadId, int signal, in SignalInfo info)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (TaskTree.Find(threadId) is not { } task || groupId is { } wanted && task.Group.Id != wanted)
                return Errno.ESRCH;
            if (signal is < 0 or > SignalNumber.Count)
                return Errno.EINVAL;
            if (!MayKill(task, signal))
                return Errno.EPERM;
            return signal == 0 ? Errno.None : SignalSender.SendToTaskLocked(task, info);
        }
    }

    public static long SigQueueInfo(int processId, int signal, ulong infoAt)
    {
        var error = ReadInfo(processId, signal, infoAt, out var info);
        if (error != Errno.None)
            return -(long)error;
        using (TaskTree.Lock.Acquire())
            return TaskTree.Find(processId) is { } task ? -(long)ToProcess(task.Group, signal, info) : -(long)Errno.ESRCH;
    }

    public static long TgSigQueueInfo(int processId, int threadId, int signal, ulong infoAt)
    {
        var error = ReadInfo(threadId, signal, infoAt, out var info);
        if (error != Errno.None)
            return -(long)error;
        return processId <= 0 || threadId <= 0 ? -(long)Errno.EINVAL : -(long)ToThread(processId, threadId, signal, info);
    }

    /// <summary>Nobody may pretend to be the kernel, or kill, towards another thread: EPERM.</summary>
    private static Errno ReadInfo(int id, int signal, ulong from, out SignalInfo info)
    {
        if (!TryReadInfo(from, out info))
            return Errno.EFAULT;
        info.Signal = signal;
        return IsPretence(info) && id != Task.Current.Id ? Errno.EPERM : Errno.None;
    }

    internal static bool TryReadInfo(ulong from, out SignalInfo info)
    {
        Span<byte> bytes = stackalloc byte[SignalInfo.Bytes];
        info = default;
        if (!UserMemory.TryRead(from, bytes))
            return false;
        info = SignalInfo.Decode(bytes);
        return true;
    }

    /// <summary>The kernel's own codes, and kill's and tgkill's.</summary>
    internal static bool IsPretence(in SignalInfo info) => info.Code is >= 0 or SignalCode.SI_TKILL;
}
