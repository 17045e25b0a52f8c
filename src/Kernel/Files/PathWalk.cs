// One walk along a path: from a start, component by component, over mounts, up by "..", through symbolic links.
// The walker stands at a counted place. A link's text and what is left of the path are put together in a frame of the walk's, so
// that nesting costs nothing and 40 links are the limit. The last component can be kept aside for calls that make or remove names.
// Contexts: process; may sleep. Locks: none held between steps. Linux: struct nameidata, link_path_walk(), step_into().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

using static FileConstants;

/// <summary>What the last component of a path is.</summary>
public enum LastComponent
{
    /// <summary>There is none: the path was "/", or empty.</summary>
    None,
    Name,
    Dot,
    DotDot,
}

public ref struct PathWalk
{
    private const int MaxLinks = 40;

    private ReadOnlySpan<byte> _rest;
    private Location _root;
    private Mount _mount;
    private DirectoryEntry _entry;
    private FrameNumber _buffer, _spare;
    private int _links;

    /// <summary>The component that <see cref="ToParent"/> stopped before.</summary>
    public ReadOnlySpan<byte> LastName { get; private set; }

    public LastComponent Last { get; private set; }

    /// <summary>Slashes followed the last component: it must be a directory.</summary>
    public bool HasTrailingSlash { get; private set; }

    /// <summary>Nothing of the path is left.</summary>
    public readonly bool IsAtEnd => _rest.Length == 0;

    /// <summary>Where the walk stands; not counted for the caller.</summary>
    public readonly Location At => new(_mount, _entry);

    /// <summary>Begins a walk. ENOENT: empty path; EBADF, ENOTDIR: a bad <paramref name="directory"/>.</summary>
    public Errno Start(int directory, ReadOnlySpan<byte> path, bool mayBeEmpty)
    {
        if (path.Length == 0 && !mayBeEmpty)
            return Errno.ENOENT;
        _root = StartRoot();
        _rest = path;
        if (path.Length > 0 && path[0] == '/')
            StandAt(_root, alreadyCounted: false);
        else if (directory == AT_FDCWD)
            StandAt(Task.Current.FileContext?.GetCurrent() ?? StartRoot(), alreadyCounted: true);
        else
            return StartAtDescriptor(directory);
        return Errno.None;
    }

    /// <summary>Goes on until only the last component is left, standing at the directory it is to be looked up in.</summary>
    public Errno ToParent()
    {
        while (true)
        {
            TakeComponent();
            if (Last == LastComponent.None)
                return Errno.None;
            var error = CheckSearch();
            if (error != Errno.None || _rest.Length == 0)
                return error;
            error = Last == LastComponent.Name ? EnterLast(follow: true) : StepDots();
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Goes to the end. <paramref name="follow"/>: also through a link that is the last component.</summary>
    public Errno ToEnd(bool follow)
    {
        while (true)
        {
            var error = ToParent();
            if (error != Errno.None || Last == LastComponent.None)
                return error;
            if (Last != LastComponent.Name)
                return StepDots();
            var slash = HasTrailingSlash;
            error = EnterLast(follow || slash);
            if (error != Errno.None)
                return error;
            if (_rest.Length == 0)
                return slash && !_entry.Inode.IsDirectory ? Errno.ENOTDIR : Errno.None;
        }
    }

    /// <summary>
    /// Looks the last name up and stands at it, or, for a link that is to be followed, puts its text before the rest of the path.
    /// </summary>
    public Errno EnterLast(bool follow)
    {
        var found = DirectoryTree.Lookup(_entry, LastName);
        if (!found.TryGet(out var child))
            return found.Error;
        if (follow && child.Inode.IsSymbolicLink)
        {
            var error = Follow(child);
            child.Drop();
            return error;
        }

        ReplaceEntry(child);
        CrossMounts();
        return Errno.None;
    }

    /// <summary>
    /// Stands at <paramref name="child"/> (its use taken over), as the last name of the path was just made or opened.
    /// </summary>
    public void StandAtChild(DirectoryEntry child)
    {
        ReplaceEntry(child);
        CrossMounts();
    }

    /// <summary>"." stays, ".." goes up.</summary>
    public Errno StepDots()
    {
        if (Last == LastComponent.DotDot)
            GoUp();
        return Errno.None;
    }

    /// <summary>Hands the place over to the caller, counted.</summary>
    public Location Take()
    {
        var place = At;
        _mount = null!;
        _entry = null!;
        return place;
    }

    public void Dispose()
    {
        if (_entry is not null)
            At.Drop();
        _root.Drop();
        if (!_buffer.IsNone)
            FrameAllocator.Give(_buffer);
        if (!_spare.IsNone)
            FrameAllocator.Give(_spare);
    }

    // Kernel threads have no context of their own: they see the whole tree.
    private static Location StartRoot()
    {
        if (Task.Current.FileContext is { } context)
            return context.GetRoot();
        var top = RootFileSystem.Top();
        top.AddUser();
        return top;
    }

    private Errno StartAtDescriptor(int directory)
    {
        var file = FileTable.GetCurrent(directory);
        if (file is null)
            return Errno.EBADF;
        var place = file.Location;
        if (_rest.Length > 0 && !place.Inode.IsDirectory)
        {
            file.Drop();
            return Errno.ENOTDIR;
        }

        StandAt(place, alreadyCounted: false);
        file.Drop();
        return Errno.None;
    }

    private void StandAt(in Location place, bool alreadyCounted)
    {
        if (!alreadyCounted)
            place.AddUser();
        if (_entry is not null)
            At.Drop();
        _mount = place.Mount;
        _entry = place.Entry;
    }

    // Cuts the next component off the path: into LastName, with what follows it (slashes skipped) left in _rest.
    private void TakeComponent()
    {
        var path = SkipSlashes(_rest);
        var end = path.IndexOf((byte)'/');
        if (end < 0)
            end = path.Length;
        LastName = path.Slice(0, end);
        var after = path.Slice(end);
        _rest = SkipSlashes(after);
        HasTrailingSlash = after.Length > 0 && _rest.Length == 0;
        Last = LastName.Length switch
        {
            0 => LastComponent.None,
            1 when LastName[0] == '.' => LastComponent.Dot,
            2 when LastName[0] == '.' && LastName[1] == '.' => LastComponent.DotDot,
            _ => LastComponent.Name,
        };
    }

    private readonly Errno CheckSearch()
    {
        if (!_entry.Inode.IsDirectory)
            return Errno.ENOTDIR;
        var error = Permission.Check(_entry.Inode, X_OK);
        if (error != Errno.None)
            return error;
        return LastName.Length > NAME_MAX ? Errno.ENAMETOOLONG : Errno.None;
    }

    private void ReplaceEntry(DirectoryEntry entry)
    {
        var old = _entry;
        _entry = entry;
        old.Drop();
    }

    private void CrossMounts()
    {
        while (MountTable.FindOn(_mount, _entry) is { } over)
        {
            over.Root.AddUser();
            ReplaceEntry(over.Root);
            var old = _mount;
            _mount = over;
            old.Drop();
        }
    }

    private void GoUp()
    {
        while (!At.Is(_root))
        {
            if (_entry != _mount.Root)
            {
                var parent = DirectoryTree.ParentOf(_entry);
                if (parent is not null)
                    ReplaceEntry(parent);
                break;
            }

            var place = MountTable.PlaceOf(_mount);
            if (place.IsNone)
                break;
            StandAt(place, alreadyCounted: true);
        }

        CrossMounts();
    }

    // A link: its place, when it leads to one, or its text before the rest of the path.
    private Errno Follow(DirectoryEntry link)
    {
        if (++_links > MaxLinks)
            return Errno.ELOOP;
        var jump = link.Inode.Operations.FollowLink(link.Inode);
        if (jump.TryGet(out var place))
        {
            StandAt(place, alreadyCounted: true);
            return Errno.None;
        }

        return jump.Error == Errno.EINVAL ? FollowText(link) : jump.Error;
    }

    private Errno FollowText(DirectoryEntry link)
    {
        if (_spare.IsNone && !FrameAllocator.TryTake(out _spare))
            return Errno.ENOMEM;
        var text = Frames.Bytes(_spare);
        var read = link.Inode.Operations.ReadLink(link.Inode, text.Slice(0, PATH_MAX - 1));
        if (!read.TryGet(out var length))
            return read.Error;
        if (length == 0)
            return Errno.ENOENT;
        var slash = _rest.Length > 0 || HasTrailingSlash ? 1 : 0;
        if (length + slash + _rest.Length >= PATH_MAX)
            return Errno.ENAMETOOLONG;
        if (slash != 0)
            text[length] = (byte)'/';
        _rest.CopyTo(text.Slice(length + slash));
        _rest = text.Slice(0, length + slash + _rest.Length);
        (_buffer, _spare) = (_spare, _buffer);
        if (_rest[0] == '/')
            StandAt(_root, alreadyCounted: false);
        return Errno.None;
    }

    private static ReadOnlySpan<byte> SkipSlashes(ReadOnlySpan<byte> path)
    {
        var at = 0;
        while (at < path.Length && path[at] == '/')
            at++;
        return path.Slice(at);
    }
}
