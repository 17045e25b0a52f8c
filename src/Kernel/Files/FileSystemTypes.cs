// The kinds of file systems mount(2) knows. Filled at start-up only, so reading needs no lock. Linux: register_filesystem().
using System;

namespace Jiffy.Kernel.Files;

public static class FileSystemTypes
{
    /// <summary>The first kind; go on with <see cref="After"/>.</summary>
    public static FileSystemType? First { get; private set; }

    public static FileSystemType? After(FileSystemType type) => type.Next;

    public static void Init()
    {
        First = null;
    }

    /// <summary>Adds a kind, at start-up.</summary>
    public static void Register(FileSystemType type)
    {
        type.Next = First;
        First = type;
    }

    /// <summary>The kind of a name, or null.</summary>
    public static FileSystemType? Find(ReadOnlySpan<byte> name)
    {
        for (var type = First; type is not null; type = type.Next)
        {
            if (IsNamed(type, name))
                return type;
        }

        return null;
    }

    private static bool IsNamed(FileSystemType type, ReadOnlySpan<byte> name)
    {
        if (type.Name.Length != name.Length)
            return false;
        for (var at = 0; at < name.Length; at++)
        {
            if (type.Name[at] != name[at])
                return false;
        }

        return true;
    }
}
