// Reading and writing the terminal by programs. Context: process; may sleep.
// No wake-up is lost: readers and writers test the rings in WaitEvent's condition; whoever fills or empties a ring wakes afterwards.
// Linux: n_tty_read(), n_tty_write().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    private const int Chunk = 256;

    /// <summary>Unit of VTIME: a tenth of a second.</summary>
    private const long TimeUnit = 100_000_000;

    internal Result<int> Read(OpenFile file, ref IoBuffer to)
    {
        if (IsHungUp(file))
            return 0;
        var error = CheckForeground(SignalNumber.SIGTTIN);
        if (error != Errno.None)
            return error;
        return _modes.HasLocal(Termios.ICANON) ? ReadLine(file, ref to) : ReadBytes(file, ref to);
    }

    private Result<int> ReadLine(OpenFile file, ref IoBuffer to)
    {
        Span<byte> chunk = stackalloc byte[Chunk];
        var endOfLine = to.Remaining == 0;
        while (!endOfLine)
        {
            var count = TakeInput(chunk.Slice(0, Math.Min(Chunk, to.Remaining)), out endOfLine);
            to.CopyFrom(chunk.Slice(0, count));
            if (to.Remaining == 0 || (count == 0 && to.Done != 0))
                break;

            // Nothing there, or another reader was faster: that is no end of file.
            if (count != 0 || endOfLine)
                continue;
            var error = WaitForInput(file, long.MaxValue);
            if (error != Errno.None)
                return error;
            if (IsHungUp(file))
                break;
        }

        return to.HasFaulted && to.Done == 0 ? Errno.EFAULT : to.Done;
    }

    /// <summary>Raw mode: VMIN bytes, or what is there when VTIME runs out. man 3 termios, "Canonical and noncanonical mode".</summary>
    private Result<int> ReadBytes(OpenFile file, ref IoBuffer to)
    {
        int least = _modes.Characters[Termios.VMIN];
        var time = _modes.Characters[Termios.VTIME] * TimeUnit;
        var deadline = least == 0 ? TimeKeeper.Monotonic + time : long.MaxValue;
        Span<byte> chunk = stackalloc byte[Chunk];
        while (to.Remaining != 0)
        {
            var count = TakeInput(chunk.Slice(0, Math.Min(Chunk, to.Remaining)), out _);
            to.CopyFrom(chunk.Slice(0, count));
            if (to.HasFaulted || to.Remaining == 0)
                break;
            if (count != 0 && time != 0 && least != 0)
                deadline = TimeKeeper.Monotonic + time;
            if (InputCount != 0)
                continue;
            if (to.Done >= Math.Max(least, 1) || (least == 0 && time == 0))
                break;
            var error = WaitForInput(file, deadline);
            if (error == Errno.ETIMEDOUT || IsHungUp(file))
                break;
            if (error != Errno.None)
                return to.Done != 0 ? to.Done : error;
        }

        return to.HasFaulted && to.Done == 0 ? Errno.EFAULT : to.Done;
    }

    private Errno WaitForInput(OpenFile file, long deadline)
    {
        if (InputIsReady)
            return Errno.None;
        if (file.IsNonBlocking)
            return Errno.EAGAIN;
        return _readers.WaitEventUntil(file, static f => OfFile(f) is { } t && (t.InputIsReady || t.IsHungUp(f)), deadline);
    }

    internal Result<int> Write(OpenFile file, ref IoBuffer from)
    {
        if (IsHungUp(file))
            return Errno.EIO;
        if (_modes.HasLocal(Termios.TOSTOP))
        {
            var error = CheckForeground(SignalNumber.SIGTTOU);
            if (error != Errno.None)
                return error;
        }

        Span<byte> chunk = stackalloc byte[Chunk];
        var written = 0;
        while (from.Remaining != 0)
        {
            var part = chunk.Slice(0, from.CopyTo(chunk));
            while (part.Length != 0)
            {
                var count = WriteSome(part);
                written += count;
                part = part.Slice(count);
                if (part.Length == 0)
                    break;
                var error = WaitForRoom(file);
                if (error != Errno.None)
                    return written != 0 ? written : error;
            }
        }

        return from.HasFaulted && written == 0 ? Errno.EFAULT : written;
    }

    private Errno WaitForRoom(OpenFile file)
    {
        if (file.IsNonBlocking)
            return Errno.EAGAIN;
        var error = _writers.WaitEvent(file, static f => OfFile(f) is { } t && (t.OutputHasRoom || t.IsHungUp(f)));
        return error == Errno.None && IsHungUp(file) ? Errno.EIO : error;
    }

    /// <summary>Waits until all output has left. ERESTARTSYS; EIO: hung up.</summary>
    private Errno Drain(OpenFile file)
    {
        var error = _writers.WaitEvent(file, static f => OfFile(f) is { } t && (t.OutputCount == 0 || t.IsHungUp(f)));
        return error == Errno.None && IsHungUp(file) ? Errno.EIO : error;
    }

    // In raw mode without a time limit, as many bytes as a read would wait for.
    private bool PollFindsInput =>
        InputIsReady && (_modes.HasLocal(Termios.ICANON) || _modes.Characters[Termios.VTIME] != 0 || InputCount >= _modes.Characters[Termios.VMIN]);

    internal uint Poll(OpenFile file, PollTable? table)
    {
        table?.Register(_readers);
        table?.Register(_writers);
        uint events = 0;
        if (IsHungUp(file))
            return FileConstants.POLLIN | FileConstants.POLLRDNORM | FileConstants.POLLHUP | FileConstants.POLLERR;
        if (PollFindsInput)
            events |= FileConstants.POLLIN | FileConstants.POLLRDNORM;
        if (OutputCount < OutputHigh)
            events |= FileConstants.POLLOUT | FileConstants.POLLWRNORM;
        return events;
    }

    /// <summary>The terminal behind an open file.</summary>
    private static Terminal? OfFile(OpenFile file) => file.Private as Terminal;
}
