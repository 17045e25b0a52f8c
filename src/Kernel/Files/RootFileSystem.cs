// The file system the first process starts in. Linux: rootfs.
namespace Jiffy.Kernel.Files;

public static partial class RootFileSystem
{
    private static Mount s_mount = null!;

    /// <summary>The top directory; not counted for the caller.</summary>
    public static Location Top() => new(s_mount, s_mount.Root);
}
