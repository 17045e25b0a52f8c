// A process's part of signals: those sent to the process, and job control's stop and continue.
// Lock: TaskTree.Lock. Linux: struct signal_struct, do_notify_parent_cldstop().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;

namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    internal PendingSignals SharedPending;

    /// <summary>A stop is in effect: every thread stops at its next chance, until SIGCONT.</summary>
    public bool IsStopping { get; internal set; }

    /// <summary>Threads that are stopped now.</summary>
    internal int StoppedThreads;

    /// <summary>The signal that stopped it.</summary>
    internal int StopSignal;

    /// <summary>A stop, or a continuation, that the parent has not yet been told of by wait.</summary>
    private bool _hasStopReport, _hasContinueReport;

    /// <summary>Signals waiting for the process, for /proc.</summary>
    public SignalSet SharedPendingSet => SharedPending.Set;

    internal void ResetSignals()
    {
        SharedPending = default;
        IsStopping = false;
        StoppedThreads = 0;
        StopSignal = 0;
        _hasStopReport = false;
        _hasContinueReport = false;
    }

    internal void ReleaseSignals() => SharedPending.Clear();

    /// <summary>True when all threads are stopped.</summary>
    public bool IsStopped => IsStopping && StoppedThreads >= LiveThreads;

    /// <summary>All threads are to end; the first to say so sets the status. It does not stop any more. The caller kills the threads.</summary>
    internal void BeginExit(int status)
    {
        if (!IsExiting)
            ExitStatus = status;
        IsExiting = true;
        IsStopping = false;
    }

    internal void ReportStop()
    {
        _hasStopReport = true;
        _hasContinueReport = false;
    }

    internal void ReportContinue()
    {
        _hasStopReport = false;
        _hasContinueReport = true;
    }

    /// <summary>Answers a waiter about stop and continue; takes the report unless <paramref name="keep"/>.</summary>
    internal bool TryTakeJobChange(int options, bool keep, out int status, out int code)
    {
        if (_hasStopReport && IsStopping && (options & WaitOptions.WUNTRACED) != 0)
        {
            _hasStopReport = keep;
            status = StopSignal << 8 | 0x7f;
            code = ChildCode.CLD_STOPPED;
            return true;
        }

        if (_hasContinueReport && (options & WaitOptions.WCONTINUED) != 0)
        {
            _hasContinueReport = keep;
            status = 0xffff;
            code = ChildCode.CLD_CONTINUED;
            return true;
        }

        status = 0;
        code = 0;
        return false;
    }
}
