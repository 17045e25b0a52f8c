// /proc/kmsg: the kernel log as lines that a log daemon reads, "<level>[time] text", waiting for more at the end.
// The open file's PrivateNumber is the record to be read next. Process context; may sleep. Linux: fs/proc/kmsg.c. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

internal sealed class LogFile : FileOperations
{
    public static readonly LogFile Instance = new();

    private const int LongestLine = KernelLog.MaxText + 40;

    public override bool IsSeekable => false;

    public override Errno Open(OpenFile file)
    {
        file.PrivateNumber = KernelLog.First;
        return Errno.None;
    }

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        while (file.PrivateNumber >= KernelLog.Next)
        {
            if (file.IsNonBlocking)
                return Errno.EAGAIN;
            var error = KernelLog.Readers.WaitEvent(file, static reader => reader.PrivateNumber < KernelLog.Next);
            if (error != Errno.None)
                return error;
        }

        return CopyLines(file, ref to);
    }

    public override uint Poll(OpenFile file, PollTable? table)
    {
        table?.Register(KernelLog.Readers);
        return file.PrivateNumber < KernelLog.Next ? POLLIN | POLLRDNORM : 0;
    }

    // As many whole lines as fit; EINVAL when not even one does.
    private static Result<int> CopyLines(OpenFile file, ref IoBuffer to)
    {
        Span<byte> text = stackalloc byte[KernelLog.MaxText];
        Span<byte> buffer = stackalloc byte[LongestLine];
        var done = 0;
        file.PrivateNumber = Math.Max(file.PrivateNumber, KernelLog.First);
        while (KernelLog.TryRead(file.PrivateNumber, out var record, text))
        {
            var line = new TextWriter(buffer);
            var microseconds = record.Time / 1000;
            line.Append($"<{record.Priority}>[{microseconds / 1_000_000,5}.{microseconds % 1_000_000:d6}] ");
            line.Append(text.Slice(0, record.Length));
            line.AppendByte((byte)'\n');
            if (line.Length > to.Remaining)
                return done == 0 ? Errno.EINVAL : done;
            if (to.CopyFrom(line.Written) < line.Length)
                return done == 0 ? Errno.EFAULT : done;
            done += line.Length;
            file.PrivateNumber++;
        }

        return done;
    }
}
