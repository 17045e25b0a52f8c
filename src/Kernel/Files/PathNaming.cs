// From a place back to its path: for getcwd, /proc/PID/cwd, exe, fd, maps, mounts. Linux: d_path(), prepend_path().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public static class PathNaming
{
    private static ReadOnlySpan<byte> Removed => " (deleted)"u8;

    private static ReadOnlySpan<byte> Unreachable => "(unreachable)"u8;

    /// <summary>
    /// Writes the path of <paramref name="place"/> as seen from <paramref name="root"/> into <paramref name="to"/>; its length. A place that is not below the
    /// root gets "(unreachable)" in front. ENAMETOOLONG. Takes counts of its own; may sleep.
    /// </summary>
    public static Result<int> Write(in Location place, in Location root, Span<byte> to)
    {
        var start = to.Length;
        var at = place;
        at.AddUser();
        var reachedRoot = true;
        while (!at.Is(root))
        {
            if (!StepUp(ref at, to, ref start, out var isTop))
            {
                at.Drop();
                return Errno.ENAMETOOLONG;
            }

            if (!isTop)
                continue;
            reachedRoot = at.Is(root) || at.Entry == RootFileSystem.Top().Entry;
            break;
        }

        at.Drop();
        if (start == to.Length && !TryPrepend(to, ref start, "/"u8))
            return Errno.ENAMETOOLONG;
        if (!reachedRoot && !TryPrepend(to, ref start, Unreachable))
            return Errno.ENAMETOOLONG;
        return MoveDown(to, start);
    }

    /// <summary>
    /// The same as /proc shows it: names of files without a place in the tree as they are ("pipe:[5]"), removed ones with " (deleted)".
    /// </summary>
    public static Result<int> WriteShown(in Location place, in Location root, Span<byte> to)
    {
        var entry = place.Entry;
        if (entry.Parent is null && entry != place.Mount.Root)
        {
            Span<byte> name = stackalloc byte[FileConstants.NAME_MAX];
            var length = DirectoryTree.CopyName(entry, name);
            if (length > to.Length)
                return Errno.ENAMETOOLONG;
            name.Slice(0, length).CopyTo(to);
            return length;
        }

        var written = Write(place, root, to);
        if (!written.IsOk || !entry.IsRemoved)
            return written;
        if (written.Value + Removed.Length > to.Length)
            return Errno.ENAMETOOLONG;
        Removed.CopyTo(to.Slice(written.Value));
        return written.Value + Removed.Length;
    }

    // Writes one name and goes up; over mount points without a name. At the top of all mounts isTop is set.
    private static bool StepUp(ref Location at, Span<byte> to, ref int start, out bool isTop)
    {
        isTop = false;
        if (at.Entry == at.Mount.Root)
        {
            var under = MountTable.PlaceOf(at.Mount);
            isTop = under.IsNone;
            if (!isTop)
            {
                at.Drop();
                at = under;
            }

            return true;
        }

        Span<byte> name = stackalloc byte[FileConstants.NAME_MAX];
        var length = DirectoryTree.CopyName(at.Entry, name);
        if (!TryPrepend(to, ref start, name.Slice(0, length)) || !TryPrepend(to, ref start, "/"u8))
            return false;
        var parent = DirectoryTree.ParentOf(at.Entry);
        isTop = parent is null;
        if (parent is null)
            return true;
        at.Entry.Drop();
        at = new Location(at.Mount, parent);
        return true;
    }

    private static bool TryPrepend(Span<byte> to, ref int start, ReadOnlySpan<byte> text)
    {
        if (text.Length >= start)
            return false;
        start -= text.Length;
        text.CopyTo(to.Slice(start));
        return true;
    }

    private static int MoveDown(Span<byte> to, int start)
    {
        var length = to.Length - start;
        to.Slice(start).CopyTo(to);
        return length;
    }
}
