// What an open epoll can do as a file, and how one is made. Context: process; may sleep. Linux: eventpoll_fops.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

internal sealed class EpollOperations : EventFileOperations
{
    public static readonly EpollOperations Instance = new();

    /// <summary>A new open file for a new, empty set. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make()
    {
        if (Epoll.Create() is not { } epoll)
            return Errno.ENOMEM;
        var opened = EventFileSystem.Open("[eventpoll]"u8, Instance, epoll, 0);
        if (opened.TryGet(out var file))
            epoll.File = file;
        else
            epoll.Drop();
        return opened;
    }

    /// <summary>The set behind a file; null: it is another kind of file.</summary>
    public static Epoll? TryGet(OpenFile file) => file.Private as Epoll;

    public override uint Poll(OpenFile file, PollTable? table) => EpollOf(file).Poll(table);
    public override void ShowInformation(OpenFile file, PagedText text) => EpollOf(file).Show(text);
    public override void Release(OpenFile file) => EpollOf(file).Close();

    private static Epoll EpollOf(OpenFile file) => (Epoll)file.Private!;
}
