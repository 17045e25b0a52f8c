// What open pipes and FIFOs do. Linux: pipefifo_fops.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

public sealed class FifoOperations : FileOperations
{
    public static readonly FifoOperations Instance = new();

    public override bool IsSeekable => false;
    public override Result<long> Seek(OpenFile file, long offset, int whence) => Errno.ESPIPE;
    public override Errno Open(OpenFile file) => Pipe.Open(file);
    public override void Release(OpenFile file) => PipeOf(file).Close(file.Inode, file.CanRead, file.CanWrite);
    public override Errno SetListening(OpenFile file, int descriptor, bool on) => PipeOf(file).Listeners.Set(file, descriptor, on);
    public override uint Poll(OpenFile file, PollTable? table) => PipeOf(file).Poll(file, table);

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        var result = PipeOf(file).Read(ref to, file.IsNonBlocking);
        if (result.IsOk && result.Value > 0)
            FileTime.Accessed(file);
        return result;
    }

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        var result = PipeOf(file).Write(ref from, file.IsNonBlocking, (file.Flags & FileConstants.O_DIRECT) != 0);
        if (result.IsOk && result.Value > 0)
            FileTime.Modified(file.Inode);
        return result;
    }

    public override Result<int> Ioctl(OpenFile file, uint command, ulong argument)
    {
        if (command != FileConstants.FIONREAD)
            return Errno.ENOTTY;
        return UserAccess.TryWrite(argument, PipeOf(file).Count) ? 0 : Errno.EFAULT;
    }

    /// <summary>The pipe of a file, or null when it is none.</summary>
    public static Pipe? TryGet(OpenFile file) => file.Private as Pipe;

    private static Pipe PipeOf(OpenFile file) => (Pipe)file.Private!;
}
