// What an open signal file can do, how one is made, and the form in which a signal is read. Context: process; may sleep. Linux: signalfd_fops.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

internal sealed class SignalFileOperations : EventFileOperations
{
    public static readonly SignalFileOperations Instance = new();

    /// <summary>A new open file for signals of a set. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make(SignalSet set, int flags)
    {
        if (SignalFile.Create(set) is not { } signals)
            return Errno.ENOMEM;
        var opened = EventFileSystem.Open("[signalfd]"u8, Instance, signals, flags);
        if (!opened.IsOk)
            signals.Close();
        return opened;
    }

    /// <summary>The signal file behind a file; null: it is another kind of file.</summary>
    public static SignalFile? TryGet(OpenFile file) => file.Private as SignalFile;

    public override uint Poll(OpenFile file, PollTable? table) => SignalsOf(file).Poll(table);
    public override void ShowInformation(OpenFile file, PagedText text) => text.Append($"sigmask:\t{SignalsOf(file).Set.Bits:x16}\n");
    public override void Release(OpenFile file) => SignalsOf(file).Close();

    /// <summary>As many signals as there are and fit; only the first is waited for.</summary>
    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        var room = to.Remaining / SignalInfo.FileBytes;
        if (room == 0)
            return Errno.EINVAL;
        Span<byte> bytes = stackalloc byte[SignalInfo.FileBytes];
        var done = 0;
        for (var isNonBlocking = file.IsNonBlocking; done < room; isNonBlocking = true, done++)
        {
            var taken = SignalsOf(file).Take(isNonBlocking);
            if (!taken.TryGet(out var info))
                return done > 0 ? done * SignalInfo.FileBytes : taken.Error;
            bytes.Clear();
            info.EncodeForFile(bytes);
            if (to.CopyFrom(bytes) != bytes.Length)
                return done > 0 ? done * SignalInfo.FileBytes : Errno.EFAULT;
        }

        return done * SignalInfo.FileBytes;
    }

    private static SignalFile SignalsOf(OpenFile file) => (SignalFile)file.Private!;
}
