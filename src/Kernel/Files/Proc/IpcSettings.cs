// /proc/sys/kernel: the limits of System V's semaphores, queues and segments. Process context. Linux: ipc/ipc_sysctl.c. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;

namespace Jiffy.Kernel.Files.Proc;

internal static class IpcSettings
{
    public static void AddTo(GeneratedNode kernel)
    {
        kernel.AddSetting(
            "sem",
            static text => text.Append($"{Semaphores.MaxPerSet}\t{Semaphores.MaxTotal}\t{Semaphores.MaxPerCall}\t{Semaphores.Table.Limit}\n"),
            static text => SetSemaphores(text));
        kernel.AddSetting(
            "msgmax",
            static text => WriteNumber(text, (ulong)SysVMessages.MaxMessage),
            static text => Set(text, ref SysVMessages.MaxMessage, int.MaxValue));
        kernel.AddSetting(
            "msgmnb",
            static text => WriteNumber(text, (ulong)SysVMessages.MaxQueueBytes),
            static text => Set(text, ref SysVMessages.MaxQueueBytes, int.MaxValue));
        kernel.AddSetting(
            "msgmni",
            static text => WriteNumber(text, (ulong)SysVMessages.Table.Limit),
            static text => Set(text, ref SysVMessages.Table.Limit, IpcTable.Capacity));
        kernel.AddSetting(
            "shmmax",
            static text => WriteNumber(text, SharedSegments.MaxSize),
            static text => Set(text, ref SharedSegments.MaxSize));
        kernel.AddSetting(
            "shmall",
            static text => WriteNumber(text, SharedSegments.MaxPages),
            static text => Set(text, ref SharedSegments.MaxPages));
        kernel.AddSetting(
            "shmmni",
            static text => WriteNumber(text, (ulong)SharedSegments.Table.Limit),
            static text => Set(text, ref SharedSegments.Table.Limit, IpcTable.Capacity));
    }

    /// <summary>/proc/sys/fs/mqueue: POSIX queues.</summary>
    public static void AddQueues(GeneratedNode queues)
    {
        const int Messages = PosixQueues.HARD_MSGMAX, Bytes = PosixQueues.HARD_MSGSIZEMAX;
        const int LeastMessages = PosixQueues.MIN_MSGMAX, LeastBytes = PosixQueues.MIN_MSGSIZEMAX;
        queues.AddSetting(
            "queues_max",
            static text => WriteNumber(text, (ulong)MessageQueueFileSystem.MaxQueues),
            static text => Set(text, ref MessageQueueFileSystem.MaxQueues, int.MaxValue));
        queues.AddSetting(
            "msg_max",
            static text => WriteNumber(text, (ulong)MessageQueueFileSystem.MaxMessages),
            static text => Set(text, ref MessageQueueFileSystem.MaxMessages, Messages, LeastMessages));
        queues.AddSetting(
            "msgsize_max",
            static text => WriteNumber(text, (ulong)MessageQueueFileSystem.MaxMessageBytes),
            static text => Set(text, ref MessageQueueFileSystem.MaxMessageBytes, Bytes, LeastBytes));
        queues.AddSetting(
            "msg_default",
            static text => WriteNumber(text, (ulong)MessageQueueFileSystem.UsualMessages),
            static text => Set(text, ref MessageQueueFileSystem.UsualMessages, Messages, LeastMessages));
        queues.AddSetting(
            "msgsize_default",
            static text => WriteNumber(text, (ulong)MessageQueueFileSystem.UsualMessageBytes),
            static text => Set(text, ref MessageQueueFileSystem.UsualMessageBytes, Bytes, LeastBytes));
    }

    private static void WriteNumber(PagedText text, ulong value) => text.Append($"{value}\n");

    // Four numbers in one line; those left out stay as they are. The number of sets has an upper bound.
    private static Errno SetSemaphores(ReadOnlySpan<byte> text)
    {
        Span<int> wanted = stackalloc int[4];
        wanted[0] = Semaphores.MaxPerSet;
        wanted[1] = Semaphores.MaxTotal;
        wanted[2] = Semaphores.MaxPerCall;
        wanted[3] = Semaphores.Table.Limit;
        text = TextParsing.Line(text);
        for (var at = 0; at < wanted.Length && text.Length > 0; at++)
        {
            var end = text.IndexOfAny((byte)' ', (byte)'\t');
            var parsed = TextParsing.Number(end < 0 ? text : text.Slice(0, end), 0, at == 3 ? IpcTable.Capacity : int.MaxValue);
            if (!parsed.TryGet(out wanted[at]))
                return parsed.Error;
            text = end < 0 ? default : TextParsing.Line(text.Slice(end));
        }

        Semaphores.MaxPerSet = wanted[0];
        Semaphores.MaxTotal = wanted[1];
        Semaphores.MaxPerCall = wanted[2];
        Semaphores.Table.Limit = wanted[3];
        return Errno.None;
    }

    private static Errno Set(ReadOnlySpan<byte> text, ref int setting, int most, int least = 0)
    {
        var parsed = TextParsing.Number(text, least, most);
        if (parsed.TryGet(out var value))
            setting = value;
        return parsed.Error;
    }

    private static Errno Set(ReadOnlySpan<byte> text, ref ulong setting)
    {
        var parsed = TextParsing.Unsigned(text);
        if (parsed.TryGet(out var value))
            setting = value;
        return parsed.Error;
    }
}
