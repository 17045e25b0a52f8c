// A generated file of the whole machine: two static lambdas, one that writes its text and, where it can be set, one that takes it.
// Process context; the lambdas may sleep. Linux: proc_create_single(), struct ctl_table.
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files.Proc;

internal sealed class TextFile : GeneratedFile
{
    private readonly Action<PagedText> _write;
    private readonly Func<ReadOnlySpan<byte>, Errno>? _accept;

    public TextFile(Action<PagedText> write, Func<ReadOnlySpan<byte>, Errno>? accept)
    {
        _write = write;
        _accept = accept;
    }

    protected override Errno Generate(Inode inode, PagedText text)
    {
        _write(text);
        return Errno.None;
    }

    protected override Errno Accept(Inode inode, ReadOnlySpan<byte> text) => _accept is null ? Errno.EIO : _accept(text);
}
