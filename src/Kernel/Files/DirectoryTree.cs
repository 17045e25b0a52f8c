// The tree of names: looking up, entering, removing, moving. One sleeping lock per file system orders all changes, which makes
// renames simple and races with rmdir impossible; names found in the cache never need it.
// s_links guards an entry's name and parent against those who walk upwards while a rename moves it.
// Ordering: whoever misses in the cache asks again under the tree lock, where no rename is half done: a name that always exists is
// always found. Linux: d_lookup(), vfs_rename(), rename_lock.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

public static partial class DirectoryTree
{
    private static SpinLock<DirectoryTreeRank, PreemptionOff> s_links;

    public static void Init()
    {
        s_links = default;
    }

    /// <summary>The entry of a name, counted. ENOENT, or what the file system says. May sleep; no tree lock held.</summary>
    public static Result<DirectoryEntry> Lookup(DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        if (DirectoryCache.Find(directory, name) is { } found && StillValid(found))
            return found;
        using (directory.Inode.FileSystem.Tree.Acquire())
            return LookupLocked(directory, name);
    }

    /// <summary>The same with the tree lock held.</summary>
    public static Result<DirectoryEntry> LookupLocked(DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        if (DirectoryCache.Find(directory, name) is { } found && StillValid(found))
            return found;
        var made = directory.Inode.Operations.Lookup(directory.Inode, name);
        if (!made.TryGet(out var inode))
            return made.Error;
        var entry = DirectoryEntry.Create(directory, name, inode);
        if (!entry.IsOk)
            inode.Drop();
        else
            DirectoryCache.Add(entry.Value);
        return entry;
    }

    /// <summary>The directory an entry is in, counted; null for a root.</summary>
    public static DirectoryEntry? ParentOf(DirectoryEntry entry)
    {
        using (s_links.Acquire())
        {
            entry.Parent?.AddUser();
            return entry.Parent;
        }
    }

    /// <summary>Copies an entry's name out, as it may be changed at any time; its length.</summary>
    public static int CopyName(DirectoryEntry entry, Span<byte> to)
    {
        using (s_links.Acquire())
        {
            entry.Name.CopyTo(to);
            return entry.Name.Length;
        }
    }

    /// <summary>An entry's name, and its directory, counted for the caller; null: it has none.</summary>
    internal static DirectoryEntry? TakeParent(DirectoryEntry entry, Span<byte> name, out int length)
    {
        using (s_links.Acquire())
        {
            entry.Name.CopyTo(name);
            length = entry.Name.Length;
            var parent = entry.Parent;
            parent?.AddUser();
            return parent;
        }
    }

    /// <summary>
    /// Enters a file under a name that is free; tree lock held. The directory counts the entry; the result is counted for the caller too.
    /// Takes the caller's use of <paramref name="inode"/> over, unless it fails (ENOENT: the directory was removed; ENOMEM).
    /// </summary>
    public static Result<DirectoryEntry> Enter(DirectoryEntry directory, ReadOnlySpan<byte> name, Inode inode)
    {
        if (directory.IsRemoved)
            return Errno.ENOENT;
        var made = DirectoryEntry.Create(directory, name, inode);
        if (!made.TryGet(out var entry))
            return made.Error;
        entry.AddUser();
        inode.LinkCount++;
        if (inode.IsDirectory)
        {
            inode.LinkCount++;
            directory.Inode.LinkCount++;
        }

        Link(directory.Inode, entry);
        FileTime.Modified(directory.Inode);
        return entry;
    }

    /// <summary>Removes a name; tree lock held; the caller holds a use of <paramref name="entry"/> of its own. The file lives on while it is used.</summary>
    public static void Remove(DirectoryEntry entry)
    {
        var parent = entry.Parent!.Inode;
        var inode = entry.Inode;
        Unlink(parent, entry);
        entry.IsRemoved = true;
        inode.LinkCount--;
        if (inode.IsDirectory)
        {
            inode.LinkCount--;
            parent.LinkCount--;
        }

        FileTime.Modified(parent);
        FileTime.Changed(inode);
        entry.Drop();
    }

    /// <summary>Gives an entry another place and name; tree lock held; the name there is free.</summary>
    public static void Move(DirectoryEntry entry, DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        var old = entry.Parent!;
        directory.AddUser();
        Unlink(old.Inode, entry);
        Place(entry, directory, name);
        FinishMove(entry, old, directory);
        old.Drop();
    }

    /// <summary>Lets two entries change places; tree lock held.</summary>
    public static void Exchange(DirectoryEntry first, DirectoryEntry second, ReadOnlySpan<byte> firstName, ReadOnlySpan<byte> secondName)
    {
        var firstParent = first.Parent!;
        var secondParent = second.Parent!;
        Unlink(firstParent.Inode, first);
        Unlink(secondParent.Inode, second);
        // Each entry takes over the use of the parent that the other one had.
        Place(first, secondParent, secondName);
        Place(second, firstParent, firstName);
        FinishMove(first, firstParent, secondParent);
        FinishMove(second, secondParent, firstParent);
    }

    private static void Place(DirectoryEntry entry, DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        using (s_links.Acquire())
        {
            entry.Parent = directory;
            entry.SetName(name);
        }

        Link(directory.Inode, entry);
    }

    private static void FinishMove(DirectoryEntry entry, DirectoryEntry from, DirectoryEntry to)
    {
        if (entry.Inode.IsDirectory)
        {
            from.Inode.LinkCount--;
            to.Inode.LinkCount++;
        }

        FileTime.Modified(from.Inode);
        FileTime.Modified(to.Inode);
        FileTime.Changed(entry.Inode);
    }

    /// <summary>True when <paramref name="entry"/> is <paramref name="ancestor"/> or lies below it; tree lock held.</summary>
    public static bool IsWithin(DirectoryEntry entry, DirectoryEntry ancestor)
    {
        for (var at = entry; at is not null; at = at.Parent)
        {
            if (at == ancestor)
                return true;
        }

        return false;
    }

    /// <summary>
    /// Removes every name below <paramref name="root"/>, leaves first: the file system goes. Takes no lock, as nobody is left who could
    /// reach the tree: so a place may be let go of by whoever holds sleeping locks of other trees.
    /// </summary>
    public static void RemoveAll(DirectoryEntry root)
    {
        var at = root;
        while (true)
        {
            if (at.Inode.Children.First is { } child)
            {
                at = child;
                continue;
            }

            if (at == root)
                return;
            var parent = at.Parent!;
            at.AddUser();
            Remove(at);
            at.Drop();
            at = parent;
        }
    }

    private static bool StillValid(DirectoryEntry entry)
    {
        if (entry.Inode.Operations.IsValid(entry.Inode))
            return true;
        DirectoryCache.Remove(entry);
        entry.IsRemoved = true;
        entry.Drop();
        return false;
    }

    private static void Link(Inode directory, DirectoryEntry entry)
    {
        entry.Cookie = directory.NextCookie();
        directory.Children.Insert(entry);
        directory.Size += EntrySize;
        DirectoryCache.Add(entry);
    }

    private static void Unlink(Inode directory, DirectoryEntry entry)
    {
        DirectoryCache.Remove(entry);
        directory.Children.Remove(entry);
        directory.Size -= EntrySize;
    }

    /// <summary>What a name adds to a directory's size, as tmpfs shows it.</summary>
    private const long EntrySize = 20;
}
