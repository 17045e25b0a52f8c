// What an open inotify instance can do, and how one is made. Context: process; may sleep. Linux: inotify_fops.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

internal sealed class NotifyOperations : EventFileOperations
{
    public static readonly NotifyOperations Instance = new();

    /// <summary>A new open file for a new instance, to be read only. EMFILE: the user has too many; ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make(int flags)
    {
        var error = NotifyQueue.Create(out var queue);
        if (error != Errno.None)
            return error;
        var opened = EventFileSystem.Open("inotify"u8, Instance, queue!, FileConstants.O_RDONLY, flags);
        if (!opened.IsOk)
            queue!.Close();
        return opened;
    }

    /// <summary>The instance behind a file; null: it is another kind of file.</summary>
    public static NotifyQueue? TryGet(OpenFile file) => file.Private as NotifyQueue;

    public override Errno SetListening(OpenFile file, int descriptor, bool on) => QueueOf(file).Listeners.Set(file, descriptor, on);
    public override uint Poll(OpenFile file, PollTable? table) => QueueOf(file).Poll(table);
    public override void ShowInformation(OpenFile file, PagedText text) => QueueOf(file).Show(text);
    public override void Release(OpenFile file) => QueueOf(file).Close();
    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => QueueOf(file).Read(ref to, file.IsNonBlocking);

    public override Result<int> Ioctl(OpenFile file, uint command, ulong argument)
    {
        if (command != FileConstants.FIONREAD)
            return Errno.ENOTTY;
        return UserAccess.TryWrite(argument, QueueOf(file).ReadableBytes) ? 0 : Errno.EFAULT;
    }

    private static NotifyQueue QueueOf(OpenFile file) => (NotifyQueue)file.Private!;
}
