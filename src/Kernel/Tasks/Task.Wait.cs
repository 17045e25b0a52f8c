// Waiting for children: wait4 and waitid are one search over the caller's children under TaskTree.Lock, repeated whenever
// a child changed. No change is lost: the caller is queued on its process's ChildWait before it searches.
// Context: process; may sleep. Linux: do_wait(). man 2 wait4, waitid.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Tasks;

/// <summary>Whom to wait for, and how.</summary>
public struct WaitRequest
{
    /// <summary>P_ALL, P_PID or P_PGID.</summary>
    public int IdType;
    public int Id;

    /// <summary>WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT and the clone bits.</summary>
    public int Options;
}

/// <summary>What happened to a child. ProcessId zero: nothing yet (WNOHANG).</summary>
public struct WaitReport
{
    public int ProcessId;
    public uint UserId;

    /// <summary>As wait4 shows it.</summary>
    public int Status;

    /// <summary>CLD_* of <see cref="ChildCode"/>.</summary>
    public int Code;
    public ResourceUsage Usage;
}

public sealed partial class Task
{
    /// <summary>Waits as asked. ECHILD: no such child; ERESTARTSYS: a signal came first.</summary>
    public static Result<WaitReport> WaitForChild(in WaitRequest request)
    {
        var current = Current;
        var queue = current.Group.ChildWait;
        current.OwnWait.IsExclusive = false;
        while (true)
        {
            queue.PrepareToWait(current.OwnWait, TaskState.Interruptible);
            var found = FindChanged(request, out var report, out var zombie);
            if (found != Errno.EAGAIN || (request.Options & WaitOptions.WNOHANG) != 0 || Scheduler.IsSleepInterrupted(current, TaskState.Interruptible))
            {
                queue.FinishWait(current.OwnWait);
                if (zombie is not null)
                    Release(zombie);
                if (found == Errno.None)
                    return report;
                if (found != Errno.EAGAIN)
                    return found;
                if ((request.Options & WaitOptions.WNOHANG) != 0)
                    return default(WaitReport);
                return Errno.ERESTARTSYS;
            }

            Scheduler.Schedule();
        }
    }

    /// <summary>
    /// One search. None: <paramref name="report"/> tells; <paramref name="zombie"/> is the caller's to release. EAGAIN: children, but no change. ECHILD.
    /// </summary>
    private static Errno FindChanged(in WaitRequest request, out WaitReport report, out ThreadGroup? zombie)
    {
        report = default;
        zombie = null;
        var result = Errno.ECHILD;
        using (TaskTree.Lock.Acquire())
        {
            var process = Current.Group;
            for (var child = process.FirstChild; child is not null; child = ThreadGroup.AfterChild(child))
            {
                if (!IsMeant(request, process, child))
                    continue;
                if (!child.IsReaped)
                    result = Errno.EAGAIN;
                if (TryReport(request, child, ref report, ref zombie))
                    return Errno.None;
            }
        }

        return result;
    }

    private static bool IsMeant(in WaitRequest request, ThreadGroup process, ThreadGroup child)
    {
        var isClone = child.ExitSignal != SignalNumber.SIGCHLD;
        var wantsClone = (request.Options & WaitOptions.__WCLONE) != 0;
        if ((request.Options & WaitOptions.__WALL) == 0 && isClone != wantsClone)
            return false;
        return request.IdType switch
        {
            WaitOptions.P_PID => child.Id == request.Id,
            WaitOptions.P_PGID => child.ProcessGroup?.Id == (request.Id == 0 ? process.ProcessGroup?.Id : request.Id),
            _ => true,
        };
    }

    private static bool TryReport(in WaitRequest request, ThreadGroup child, ref WaitReport report, ref ThreadGroup? zombie)
    {
        var keep = (request.Options & WaitOptions.WNOWAIT) != 0;
        if (child.IsZombie && !child.IsReaped && (request.Options & WaitOptions.WEXITED) != 0)
        {
            report = ReportOfEnd(child);
            if (!keep)
            {
                child.IsReaped = true;
                zombie = child;
            }

            return true;
        }

        if (child.IsZombie || !child.TryTakeJobChange(request.Options, keep, out var status, out var code))
            return false;
        report.ProcessId = child.Id;
        report.UserId = child.Leader.Credentials.UserId;
        report.Status = status;
        report.Code = code;
        report.Usage = child.DeadThreads;
        return true;
    }

    private static WaitReport ReportOfEnd(ThreadGroup child)
    {
        var usage = child.DeadThreads;
        usage.Add(child.DeadChildren);
        return new WaitReport
        {
            ProcessId = child.Id,
            UserId = child.Leader.Credentials.UserId,
            Status = child.ExitStatus,
            Code = CodeOfStatus(child.ExitStatus),
            Usage = usage,
        };
    }

    /// <summary>CLD_EXITED, CLD_KILLED or CLD_DUMPED for a wait status of an ended process.</summary>
    internal static int CodeOfStatus(int status)
    {
        if ((status & 0x7f) == 0)
            return ChildCode.CLD_EXITED;
        return (status & 0x80) != 0 ? ChildCode.CLD_DUMPED : ChildCode.CLD_KILLED;
    }
}
