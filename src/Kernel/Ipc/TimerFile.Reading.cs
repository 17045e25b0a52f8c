// A timer's file from its readers' side: counts are taken under the lock, so that each expiry is read once. Context: process; may sleep.
using System;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

internal sealed partial class TimerFile
{
    /// <summary>
    /// Expiries since the last read, waiting for one unless <paramref name="isNonBlocking"/>. EAGAIN; ERESTARTSYS; ECANCELED: the clock was set.
    /// </summary>
    public Result<long> Take(bool isNonBlocking)
    {
        while (true)
        {
            if (TryTake(out var result))
                return result;
            if (isNonBlocking)
                return Errno.EAGAIN;
            var error = _readers.WaitEvent(this, static file => Volatile.Read(ref file._ticks) != 0);
            if (error != Errno.None)
                return error;
        }
    }

    private bool TryTake(out Result<long> result)
    {
        result = 0L;
        using (_lock.Acquire())
        {
            if (_ticks == 0)
                return false;
            if (_isCancelled)
            {
                _isCancelled = false;
                _isOver = false;
                result = Errno.ECANCELED;
            }
            else
            {
                if (_isOver && _interval != 0)
                    GoOn();
                _isOver = false;
                result = _ticks;
            }

            if (!PosixTimerFaults.Has(PosixTimerFault.CountClearedOutsideLock))
                _ticks = 0;
        }

        if (PosixTimerFaults.Has(PosixTimerFault.CountClearedOutsideLock))
        {
            Machine.Cpu.Interleave();
            _ticks = 0;
        }

        return true;
    }

    /// <summary>Readable once there is something to count.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(_readers);
        return Volatile.Read(ref _ticks) != 0 ? POLLIN | POLLRDNORM : 0;
    }

    /// <summary>Lets the count be another, as a restored program needs. EINVAL: zero; EBUSY is not known here.</summary>
    public Errno SetTicks(long ticks)
    {
        if (ticks == 0)
            return Errno.EINVAL;
        using (_lock.Acquire())
        {
            _ticks = ticks;
            _readers.WakeUpAll(key: new Wait.WakeKey(POLLIN | POLLRDNORM));
        }

        return Errno.None;
    }

    /// <summary>What /proc/PID/fdinfo shows.</summary>
    public void Show(PagedText text)
    {
        long ticks, value, interval;
        int flags;
        using (_lock.Acquire())
        {
            // Showing it changes nothing: what is over stays so.
            var deadline = _deadline;
            if (_isOver && _interval != 0)
                Deadline.Forward(ref deadline, Clocks.Now(_base), _interval);
            value = _isArmed || (_isOver && _interval != 0) ? Math.Max(1, deadline - Clocks.Now(_base)) : 0;
            ticks = _ticks;
            interval = _interval;
            flags = _flags;
        }

        var left = TimeSpec.From(value);
        var period = TimeSpec.From(interval);
        text.Append($"clockid: {Clock}\nticks: {ticks}\nsettime flags: 0{flags:o}\n");
        text.Append($"it_value: ({left.Seconds}, {left.Nanoseconds})\nit_interval: ({period.Seconds}, {period.Nanoseconds})\n");
    }
}
