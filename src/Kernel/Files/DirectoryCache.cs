// All names of the trees, found by directory and name. For file systems that live in memory this is the directory itself.
// Locks: one spin lock for each 64th of the chains guards their links; an entry found is counted under it, so it cannot vanish.
// Contexts: process. Linux: dentry_hashtable, __d_lookup().
using System;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

public static class DirectoryCache
{
    private const int Chains = 8192;
    private const int Stripes = 64;

    private static LinkedRing<DirectoryEntry, DirectoryEntry.InHash>[] s_chains = null!;
    private static SpinLock<DirectoryCacheRank, PreemptionOff>[] s_locks = null!;

    public static void Init()
    {
        s_chains = new LinkedRing<DirectoryEntry, DirectoryEntry.InHash>[Chains];
        s_locks = new SpinLock<DirectoryCacheRank, PreemptionOff>[Stripes];
    }

    /// <summary>The entry of a name, counted for the caller; null: not known.</summary>
    public static DirectoryEntry? Find(DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        var hash = HashOf(directory, name);
        using (Lock(hash))
        {
            for (var entry = s_chains[hash % Chains].First; entry is not null; entry = LinkedRing<DirectoryEntry, DirectoryEntry.InHash>.After(entry))
            {
                if (entry.Hash != hash || entry.Parent != directory || !entry.Name.SequenceEqual(name))
                    continue;
                entry.AddUser();
                return entry;
            }
        }

        return null;
    }

    /// <summary>Makes an entry found. The file system's tree lock is held.</summary>
    public static void Add(DirectoryEntry entry)
    {
        entry.Hash = HashOf(entry.Parent!, entry.Name);
        using (Lock(entry.Hash))
        {
            s_chains[entry.Hash % Chains].AddFirst(entry);
            entry.IsHashed = true;
        }
    }

    /// <summary>Makes an entry not found any more.</summary>
    public static void Remove(DirectoryEntry entry)
    {
        using (Lock(entry.Hash))
            RemoveLocked(entry);
    }

    /// <summary>The lock of the chains that <paramref name="hash"/> falls into.</summary>
    internal static SpinLock<DirectoryCacheRank, PreemptionOff>.Guard Lock(uint hash) => s_locks[hash % Stripes].Acquire();

    internal static void RemoveLocked(DirectoryEntry entry)
    {
        if (!entry.IsHashed)
            return;
        s_chains[entry.Hash % Chains].Remove(entry);
        entry.IsHashed = false;
    }

    // FNV-1a over the name, started from the directory's serial number.
    private static uint HashOf(DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        var hash = 2166136261u ^ directory.Serial * 2654435761u;
        foreach (var letter in name)
            hash = (hash ^ letter) * 16777619u;
        return hash ^ hash >> 15;
    }
}
