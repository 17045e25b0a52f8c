// A place in the tree: which entry, seen through which mount. A value; whoever keeps one has counted both.
// Linux: struct path.
namespace Jiffy.Kernel.Files;

public readonly struct Location
{
    public readonly Mount Mount;
    public readonly DirectoryEntry Entry;

    public Location(Mount mount, DirectoryEntry entry)
    {
        Mount = mount;
        Entry = entry;
    }

    public bool IsNone => Entry is null;
    public Inode Inode => Entry.Inode;

    public void AddUser()
    {
        Mount.AddUser();
        Entry.AddUser();
    }

    /// <summary>Counts mount and entry out; nothing for none. May sleep.</summary>
    public void Drop()
    {
        if (Entry is null)
            return;
        Entry.Drop();
        Mount.Drop();
    }

    public bool Is(in Location other) => Entry == other.Entry && Mount == other.Mount;
}
