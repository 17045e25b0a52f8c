// /dev/kmsg: each read gives one record of the kernel log, each write adds one. Linux: printk's kmsg_fops; Documentation/ABI/testing/dev-kmsg.
// The open file's PrivateNumber is the sequence number of the record to be read next.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public sealed class LogDevice : FileOperations
{
    public static readonly LogDevice Instance = new();

    private const int LongestWrite = KernelLog.MaxText;
    // Escapes that do not fit are cut, so that the line stays on the stack.
    private const int LongestLine = KernelLog.MaxText + 200;

    public override Errno Open(OpenFile file)
    {
        file.PrivateNumber = KernelLog.First;
        return Errno.None;
    }

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        Span<byte> text = stackalloc byte[KernelLog.MaxText];
        LogRecord record;
        while (!KernelLog.TryRead(file.PrivateNumber, out record, text))
        {
            if (file.PrivateNumber < KernelLog.First)
            {
                file.PrivateNumber = KernelLog.First;
                return Errno.EPIPE; // records were overwritten before they were read
            }

            if (file.IsNonBlocking)
                return Errno.EAGAIN;
            var error = KernelLog.Readers.WaitEvent(file, static reader => reader.PrivateNumber < KernelLog.Next);
            if (error != Errno.None)
                return error;
        }

        Span<byte> buffer = stackalloc byte[LongestLine];
        var line = new TextWriter(buffer);
        Format(ref line, record, text.Slice(0, record.Length));
        if (line.Length > to.Remaining)
            return Errno.EINVAL;
        file.PrivateNumber++;
        var copied = to.CopyFrom(line.Written);
        return copied < line.Length ? Errno.EFAULT : copied;
    }

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        var count = from.Remaining;
        Span<byte> buffer = stackalloc byte[LongestWrite];
        var text = buffer.Slice(0, from.CopyTo(buffer));
        from.Skip(from.Remaining);
        if (from.HasFaulted)
            return Errno.EFAULT;
        var priority = TakePriority(ref text);
        if (text.Length > 0 && text[text.Length - 1] == '\n')
            text = text.Slice(0, text.Length - 1);
        KernelLog.Write((LogLevel)(priority & 7), priority >> 3, text);
        return count;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence)
    {
        if (offset != 0)
            return Errno.ESPIPE;
        switch (whence)
        {
            case SEEK_SET:
                file.PrivateNumber = KernelLog.First;
                return 0;
            case SEEK_DATA:
                file.PrivateNumber = KernelLog.ClearedBefore;
                return 0;
            case SEEK_END:
                file.PrivateNumber = KernelLog.Next;
                return 0;
            default:
                return Errno.EINVAL;
        }
    }

    public override uint Poll(OpenFile file, PollTable? table)
    {
        table?.Register(KernelLog.Readers);
        if (file.PrivateNumber >= KernelLog.Next)
            return 0;
        return POLLIN | POLLRDNORM | (file.PrivateNumber < KernelLog.First ? POLLERR | POLLPRI : 0);
    }

    // "PRIORITY,SEQUENCE,MICROSECONDS,-;TEXT", with control characters as \xHH.
    private static void Format(ref TextWriter line, in LogRecord record, ReadOnlySpan<byte> text)
    {
        line.Append($"{record.Priority},{record.Sequence},{record.Time / 1000},-;");
        foreach (var letter in text)
        {
            if (letter is < 32 or 127 or (byte)'\\')
                line.Append($"\\x{letter:x2}");
            else
                line.AppendByte(letter);
        }

        line.AppendByte((byte)'\n');
    }

    // A "<N>" in front says level and facility. Programs cannot speak as the kernel: facility 0 becomes their own.
    private static int TakePriority(ref Span<byte> text)
    {
        const int usual = (KernelLog.UserFacility << 3) | (int)KernelLog.DefaultLevel;
        var number = 0;
        if (text.Length == 0 || text[0] != '<')
            return usual;
        for (var at = 1; at < text.Length && at < 5; at++)
        {
            if (text[at] == '>' && at > 1)
            {
                text = text.Slice(at + 1);
                return number >> 3 != 0 ? number : (KernelLog.UserFacility << 3) | number;
            }

            if (text[at] is < (byte)'0' or > (byte)'9')
                break;
            number = number * 10 + (text[at] - '0');
        }

        return usual;
    }
}
