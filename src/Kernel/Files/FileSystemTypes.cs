// The kinds of file systems mount(2) knows. Filled at start-up only, so reading needs no lock. Linux: register_filesystem().
using System;
using Jiffy.Kernel.Observe;

namespace Jiffy.Kernel.Files;

public static class FileSystemTypes
{
    private const int Capacity = 16;

    private static FileSystemType?[] s_types = null!;

    /// <summary>How many there are.</summary>
    public static int Count { get; private set; }

    public static void Init()
    {
        s_types = new FileSystemType?[Capacity];
        Count = 0;
    }

    /// <summary>The kinds in the order they were registered: 0 up to <see cref="Count"/>.</summary>
    public static FileSystemType Get(int index) => s_types[index]!;

    /// <summary>Adds a kind, at start-up.</summary>
    public static void Register(FileSystemType type)
    {
        Invariant.That(Count < Capacity, "room for one more kind of file system");
        s_types[Count++] = type;
    }

    /// <summary>The kind of a name, or null.</summary>
    public static FileSystemType? Find(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (IsNamed(Get(i), name))
                return Get(i);
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
