// Telling a process that a message came to an empty queue for which nobody waited: once, then it must ask again. One process at a time.
// Context: process. Lock: the queue's, and TaskTree.Lock inside to send. Linux: __do_notify(). man 3 mq_notify.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal sealed partial class MessageQueue
{
    /// <summary>The running process wants to be told. EBUSY: another, or this, is registered.</summary>
    public Errno Register(in SignalEvent wanted)
    {
        using (Lock.Acquire())
        {
            if (_notifiedProcess != 0)
                return Errno.EBUSY;
            _notifiedProcess = IpcObject.CurrentProcess;
            _notification = wanted;
            return Errno.None;
        }
    }

    /// <summary>The running process does not want to be told any more, if it was to be.</summary>
    public void Unregister()
    {
        using (Lock.Acquire())
        {
            if (_notifiedProcess == IpcObject.CurrentProcess)
                _notifiedProcess = 0;
        }
    }

    private void Tell()
    {
        var told = _notifiedProcess;
        _notifiedProcess = 0;
        if (told == 0 || _notification.Notify != SignalEvent.SIGEV_SIGNAL || _notification.Signal == 0)
            return;
        var current = Task.Current;
        var info = new SignalInfo
        {
            Signal = _notification.Signal,
            Code = SignalCode.SI_MESGQ,
            ProcessId = IpcObject.CurrentProcess,
            UserId = current.Credentials.UserId,
            Value = _notification.Value,
        };
        using (TaskTree.Lock.Acquire())
        {
            if (TaskTree.FindProcess(told) is { } process)
                SignalSender.SendToProcessLocked(process, info);
        }
    }

    /// <summary>What reading the queue's file shows: its length, as text.</summary>
    public int Show(Span<byte> to)
    {
        long bytes;
        int process, kind, signal;
        using (Lock.Acquire())
        {
            bytes = _bytes;
            process = _notifiedProcess;
            kind = process == 0 ? 0 : _notification.Notify;
            signal = process != 0 && kind == SignalEvent.SIGEV_SIGNAL ? _notification.Signal : 0;
        }

        var text = new TextWriter(to);
        text.Append($"QSIZE:{bytes,-10} NOTIFY:{kind,-5} SIGNO:{signal,-5} NOTIFY_PID:{process,-6}\n");
        return text.Length;
    }
}
