// syslog(2): how dmesg reads the kernel log.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class LogCalls
{
    private const int ReadAction = 2, ReadAllAction = 3, ReadClearAction = 4, ClearAction = 5;
    private const int ConsoleOffAction = 6, ConsoleOnAction = 7, ConsoleLevelAction = 8, SizeUnreadAction = 9, SizeBufferAction = 10;

    /// <summary>At this level nothing but emergencies reaches the console.</summary>
    private const int LowestConsoleLevel = 1;

    /// <summary>Bytes a line may take: level, time, text, end of line.</summary>
    private const int MaxLine = KernelLog.MaxText + 40;

    // What READ has given so far: all records before s_read, and of that one so many bytes. Two readers at once may each get a part.
    private static long s_read;
    private static int s_given;
    private static int s_savedLevel;

    public static void Init()
    {
        s_read = 0;
        s_given = 0;
        s_savedLevel = 0;
    }

    public static long SysLog(int action, ulong to, int length)
    {
        if (action is not (ReadAllAction or SizeBufferAction) && !Task.Current.Credentials.Has(Capability.CAP_SYSLOG))
            return -(long)Errno.EPERM;
        switch (action)
        {
            case 0:
            case 1:
                return 0;
            case ReadAction:
            case ReadAllAction:
            case ReadClearAction:
                return to == 0 || length < 0 ? -(long)Errno.EINVAL : Read(action, to, length);
            case ClearAction:
                KernelLog.Clear();
                return 0;
            case ConsoleOffAction:
                if (s_savedLevel == 0)
                    s_savedLevel = KernelLog.ConsoleLevel;
                KernelLog.ConsoleLevel = LowestConsoleLevel;
                return 0;
            case ConsoleOnAction:
                if (s_savedLevel != 0)
                    KernelLog.ConsoleLevel = s_savedLevel;
                s_savedLevel = 0;
                return 0;
            case ConsoleLevelAction:
                if (length is < 1 or > 8)
                    return -(long)Errno.EINVAL;
                KernelLog.ConsoleLevel = length;
                s_savedLevel = 0;
                return 0;
            case SizeUnreadAction:
                return CountUnread();
            case SizeBufferAction:
                return KernelLog.Capacity * (long)MaxLine;
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private static long Read(int action, ulong to, int length)
    {
        if (length == 0)
            return 0;
        if (action == ReadAction)
        {
            var error = KernelLog.Readers.WaitEvent(0, static _ => s_read < KernelLog.Next);
            return error != Errno.None ? -(long)error : CopyUnread(to, length);
        }

        var from = FirstThatFits(length);
        var result = Copy(ref from, to, length);
        if (action == ReadClearAction && result >= 0)
            KernelLog.Clear();
        return result;
    }

    /// <summary>READ gives the oldest lines that were not read yet, whole ones unless not even one fits.</summary>
    private static long CopyUnread(ulong to, int length)
    {
        Span<byte> line = stackalloc byte[MaxLine];
        var done = 0;
        while (done < length && SkipOverwritten() < KernelLog.Next)
        {
            var bytes = Format(s_read, line);
            var part = line.Slice(Math.Min(s_given, bytes), Math.Max(0, bytes - s_given));
            var count = Math.Min(part.Length, length - done);
            if (count < part.Length && done != 0)
                break;
            if (!UserMemory.TryWrite(to + (ulong)done, part.Slice(0, count)))
                return done != 0 ? done : -(long)Errno.EFAULT;
            done += count;
            s_given += count;
            if (count < part.Length)
                break;
            s_given = 0;
            s_read++;
        }

        return done;
    }

    private static long SkipOverwritten()
    {
        if (s_read < KernelLog.First)
        {
            s_read = KernelLog.First;
            s_given = 0;
        }

        return s_read;
    }

    private static long CountUnread()
    {
        Span<byte> line = stackalloc byte[MaxLine];
        var total = -(long)s_given;
        for (var sequence = SkipOverwritten(); sequence < KernelLog.Next; sequence++)
            total += Format(sequence, line);
        return Math.Max(0, total);
    }

    /// <summary>READ_ALL gives the newest lines that fit.</summary>
    private static long FirstThatFits(int length)
    {
        Span<byte> line = stackalloc byte[MaxLine];
        var first = Math.Max(KernelLog.First, KernelLog.ClearedBefore);
        var total = 0;
        var sequence = KernelLog.Next;
        while (sequence > first)
        {
            var bytes = Format(sequence - 1, line);
            if (total + bytes > length)
                break;
            total += bytes;
            sequence--;
        }

        return sequence;
    }

    private static long Copy(ref long sequence, ulong to, int length)
    {
        Span<byte> line = stackalloc byte[MaxLine];
        var done = 0;
        for (; sequence < KernelLog.Next; sequence++)
        {
            var bytes = Format(sequence, line);
            if (done + bytes > length)
                break;
            if (!UserMemory.TryWrite(to + (ulong)done, line.Slice(0, bytes)))
                return -(long)Errno.EFAULT;
            done += bytes;
        }

        return done;
    }

    /// <summary>One line as <c>&lt;6&gt;[    0.123456] text</c>; its length.</summary>
    private static int Format(long sequence, Span<byte> line)
    {
        Span<byte> text = stackalloc byte[KernelLog.MaxText];
        if (!KernelLog.TryRead(sequence, out var record, text))
            return 0;
        var writer = new TextWriter(line);
        writer.Append($"<{record.Priority}>");
        Span<byte> time = stackalloc byte[32];
        writer.Append(time.Slice(0, KernelLog.FormatTime(time, record.Time)));
        writer.Append(text.Slice(0, record.Length));
        writer.AppendByte((byte)'\n');
        return writer.Length;
    }
}
