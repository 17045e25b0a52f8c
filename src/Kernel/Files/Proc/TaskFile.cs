// A generated file about one task: static lambdas that write its text and, where it can be set, take it.
// A task that has gone makes reading and writing fail with ESRCH. Process context; may sleep. Linux: proc_single_file_operations.
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files.Proc;

internal sealed class TaskFile : GeneratedFile
{
    private readonly Func<TaskHandle, PagedText, Errno> _write;
    private readonly Func<TaskHandle, ReadOnlySpan<byte>, Errno>? _accept;

    public TaskFile(Func<TaskHandle, PagedText, Errno> write, Func<TaskHandle, ReadOnlySpan<byte>, Errno>? accept)
    {
        _write = write;
        _accept = accept;
    }

    protected override Errno Generate(Inode inode, PagedText text) => _write(TaskHandle.Of(inode), text);

    protected override Errno Accept(Inode inode, ReadOnlySpan<byte> text) =>
        _accept is null ? Errno.EIO : _accept(TaskHandle.Of(inode), text);
}
