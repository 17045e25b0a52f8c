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
    }

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
}
