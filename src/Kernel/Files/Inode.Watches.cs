// Who watches a file by inotify. Lock: FileNotify's; that nobody does is read without it.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public sealed partial class Inode
{
    internal LinkedRing<NotifyWatch, NotifyWatch.Pooled> Watches;

    internal bool IsWatched => !Watches.IsEmpty;
}
