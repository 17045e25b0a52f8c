// Files whose contents are made when they are read (proc): the text is written at the first read and again whenever reading starts
// over at position 0, and kept with the open file until it is closed. Lock: the inode's Contents guards the text.
// Linux: single_open(), seq_read().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public abstract class GeneratedFile : FileOperations
{
    public override bool CanPoll => false;

    /// <summary>Writes the contents for <paramref name="inode"/>. May sleep. ESRCH and the like make the read fail.</summary>
    protected abstract Errno Generate(Inode inode, PagedText text);

    /// <summary>Takes a write (at most a page, as text); EACCES and EINVAL by default: not writable.</summary>
    protected virtual Errno Accept(Inode inode, System.ReadOnlySpan<byte> text) => Errno.EINVAL;

    public sealed override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        using (file.Inode.Contents.Acquire())
        {
            var error = Prepare(file, position);
            if (error != Errno.None)
                return error;
            var copied = ((PagedText)file.Private!).CopyTo(ref to, position);
            position += copied;
            return copied == 0 && to.HasFaulted ? Errno.EFAULT : copied;
        }
    }

    public sealed override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        System.Span<byte> text = stackalloc byte[256];
        var count = from.CopyTo(text);
        if (from.HasFaulted)
            return Errno.EFAULT;
        var error = from.Remaining > 0 ? Errno.EINVAL : Accept(file.Inode, text.Slice(0, count));
        if (error != Errno.None)
            return error;
        position += count;
        return count;
    }

    public sealed override Result<long> Seek(OpenFile file, long offset, int whence)
    {
        if (whence != FileConstants.SEEK_END)
            return FileSeek.Plain(file, offset, whence);
        using (file.Inode.Contents.Acquire())
        {
            var error = Prepare(file, file.Position);
            var end = file.Private is PagedText text ? text.Length : 0;
            return error != Errno.None ? error : end + offset < 0 ? Errno.EINVAL : end + offset;
        }
    }

    public sealed override void Release(OpenFile file)
    {
        if (file.Private is PagedText text)
            text.Close();
    }

    private Errno Prepare(OpenFile file, long position)
    {
        var text = file.Private as PagedText;
        if (text is not null && position != 0)
            return Errno.None;
        if (text is null)
        {
            var made = PagedText.Create();
            if (!made.TryGet(out text))
                return made.Error;
            file.Private = text;
        }

        text.Clear();
        var error = Generate(file.Inode, text);
        return error == Errno.None && text.HasFailed ? Errno.ENOMEM : error;
    }
}
