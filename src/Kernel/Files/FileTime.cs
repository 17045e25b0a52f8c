// The time that files are stamped with. Linux: current_time().
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Files;

public static class FileTime
{
    private const long Second = 1_000_000_000;

    /// <summary>Nanoseconds since 1970, as of the last tick.</summary>
    public static long Now => TimeKeeper.RealTimeCoarse;

    /// <summary>Marks a read, as relatime has it: only when the file was changed since the last mark, or the mark is a day old.</summary>
    public static void Accessed(OpenFile file)
    {
        var inode = file.Inode;
        var now = Now;
        if ((file.Flags & Abi.FileConstants.O_NOATIME) != 0 || !file.Location.Mount.UpdatesAccessTime)
            return;
        if (inode.AccessTime <= inode.ModifyTime || inode.AccessTime <= inode.ChangeTime || now - inode.AccessTime > 86400 * Second)
            inode.AccessTime = now;
    }

    /// <summary>The contents changed.</summary>
    public static void Modified(Inode inode) => inode.ModifyTime = inode.ChangeTime = Now;

    /// <summary>Attributes or names changed.</summary>
    public static void Changed(Inode inode) => inode.ChangeTime = Now;
}
