// Which locks programs hold on a file: fcntl's and flock's. Guard: FileLocks' lock.
namespace Jiffy.Kernel.Files;

public sealed partial class Inode
{
    private bool _hasLocks;

    private void ReleaseLocks() => _hasLocks = false;

    private void ResetLocks() => _hasLocks = false;
}

public sealed partial class OpenFile
{
    private bool _hasLocks;

    private void ReleaseLocks() => _hasLocks = false;

    internal void ReleaseOwnerLocks(FileTable owner) => _hasLocks &= owner is not null;
}
