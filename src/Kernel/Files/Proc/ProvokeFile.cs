// /sys/kernel/debug/provoke-crash/DIRECT: see Observe/Provoke.cs. Not seekable, so that no lock of the file's is held when the fault comes.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

internal sealed class ProvokeFile : FileOperations
{
    public static readonly ProvokeFile Instance = new();

    private const int LongestKind = 32;

    public override bool IsSeekable => false;

    /// <summary>Adds the file's directory when faults may be provoked.</summary>
    public static void AddTo(GeneratedNode debug)
    {
        if (Provoke.IsOn)
            debug.AddDirectory("provoke-crash").AddFile("DIRECT", Instance, mode: 0x180);
    }

    public override Errno Open(OpenFile file) => Task.Current.Credentials.Has(Capability.CAP_SYS_ADMIN) ? Errno.None : Errno.EPERM;

    /// <summary>The kinds, once.</summary>
    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        var rest = Provoke.Kinds.Slice((int)file.PrivateNumber);
        var copied = to.CopyFrom(rest);
        file.PrivateNumber += copied;
        return copied == 0 && to.HasFaulted ? Errno.EFAULT : copied;
    }

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        Span<byte> text = stackalloc byte[LongestKind];
        var count = from.CopyTo(text);
        if (from.HasFaulted)
            return Errno.EFAULT;
        var error = from.Remaining > 0 ? Errno.EINVAL : Provoke.Now(TextParsing.Line(text.Slice(0, count)));
        return error == Errno.None ? count : error;
    }
}
