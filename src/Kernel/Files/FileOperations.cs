// What an open file of one kind can do: one sealed class per kind, without state, one object each. Process context; all may sleep.
// Reads and writes use `position` and move it; for files without positions it is zero and ignored.
// Access mode, limits and permissions were checked by the caller. Linux: struct file_operations.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

public abstract class FileOperations
{
    /// <summary>The file was just opened; may change its operations, or refuse.</summary>
    public virtual Errno Open(OpenFile file) => Errno.None;

    /// <summary>The last user has closed it.</summary>
    public virtual void Release(OpenFile file)
    {
    }

    /// <summary>A descriptor of it is closed; others may be left.</summary>
    public virtual void Flush(OpenFile file)
    {
    }

    /// <summary>Bytes read into <paramref name="to"/>; zero at the end. EAGAIN only with O_NONBLOCK; ERESTARTSYS after a signal.</summary>
    public virtual Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EINVAL;

    /// <summary>Bytes written from <paramref name="from"/>.</summary>
    public virtual Result<int> Write(OpenFile file, ref IoBuffer from, ref long position) => Errno.EINVAL;

    /// <summary>True when lseek, pread and pwrite have a meaning.</summary>
    public virtual bool IsSeekable => true;

    /// <summary>The new position; not stored yet.</summary>
    public virtual Result<long> Seek(OpenFile file, long offset, int whence) => FileSeek.Plain(file, offset, whence);

    /// <summary>A command of the device's own; generic ones never get here. ENOTTY: unknown.</summary>
    public virtual Result<int> Ioctl(OpenFile file, uint command, ulong argument) => Errno.ENOTTY;

    /// <summary>Events that hold now; registers the waiter with <paramref name="table"/> when it is given. Poll bits.</summary>
    public virtual uint Poll(OpenFile file, PollTable? table) =>
        FileConstants.POLLIN | FileConstants.POLLRDNORM | FileConstants.POLLOUT | FileConstants.POLLWRNORM;

    /// <summary>O_ASYNC on or off: whether its owner is told by signals. ENOTTY: this kind never gives any; ENOMEM.</summary>
    public virtual Errno SetListening(OpenFile file, int descriptor, bool on) => Errno.ENOTTY;

    /// <summary>Has something to wait for, so that epoll takes it. Poll itself takes any file: what cannot block is always ready.</summary>
    public virtual bool CanPoll => true;

    /// <summary>Entries from file.Position on into <paramref name="to"/>, until it is full. ENOTDIR: not a directory.</summary>
    public virtual Errno ReadDirectory(OpenFile file, ref DirectoryWriter to) => Errno.ENOTDIR;

    /// <summary>May be mapped with mmap: through <see cref="Inode.TryGetPage"/>, or as fresh zeros (<see cref="MapsZeros"/>).</summary>
    public virtual bool CanMap => false;

    /// <summary>Its contents are the inode's pages, so that others may use their frames: splice.</summary>
    public virtual bool SharesPages => false;

    /// <summary>A mapping of it is anonymous memory: /dev/zero.</summary>
    public virtual bool MapsZeros => false;

    /// <summary>The process that the file stands for, null when it has gone. False: it stands for none. TaskTree.Lock held.</summary>
    public virtual bool TryGetProcess(OpenFile file, out ThreadGroup? process)
    {
        process = null;
        return false;
    }

    /// <summary>More lines for /proc/PID/fdinfo.</summary>
    public virtual void ShowInformation(OpenFile file, PagedText text)
    {
    }

    /// <summary>Makes all that was written durable.</summary>
    public virtual Errno Synchronise(OpenFile file) => Errno.None;
}
