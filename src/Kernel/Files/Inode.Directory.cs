// A directory's names, where the file system keeps them all in memory. Guard: the file system's tree lock.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public sealed partial class Inode
{
    private long _lastCookie;

    internal RedBlackTree<DirectoryEntry, DirectoryEntry.InDirectory> Children;

    /// <summary>Positions 0 and 1 stand for "." and "..", so names begin at 2.</summary>
    internal long NextCookie() => ++_lastCookie;

    private void ResetDirectory()
    {
        Children = default;
        _lastCookie = DirectoryWriter.FirstPosition - 1;
    }
}
