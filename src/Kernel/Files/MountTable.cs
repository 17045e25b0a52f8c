// All mounts that are in the tree, in the order they were made: few, so a list does.
// Locks: s_lock guards list, links to parents and mount points. A mount that is in the table is found and counted under the lock, so
// "nobody uses it" decided under the lock stays true. Linux: struct mnt_namespace, __lookup_mnt().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

public static class MountTable
{
    private static SpinLock<MountTableRank, PreemptionOff> s_lock;
    private static LinkedRing<Mount, Mount.InTable> s_mounts;
    private static int s_lastId;

    public static void Init()
    {
        s_lock = default;
        s_mounts = default;
        s_lastId = 0;
    }

    /// <summary>What is mounted on a place, counted for the caller; null: nothing.</summary>
    public static Mount? FindOn(Mount parent, DirectoryEntry point)
    {
        if (point.MountsHere == 0)
            return null;
        using (s_lock.Acquire())
        {
            var mount = FindLocked(parent, point);
            mount?.AddUser();
            return mount;
        }
    }

    /// <summary>
    /// Puts a mount over <paramref name="place"/> (none: as the root of all), taking the caller's use of both over. EBUSY: something is mounted there.
    /// The caller keeps both then.
    /// </summary>
    public static Errno Attach(Mount mount, in Location place)
    {
        using (s_lock.Acquire())
        {
            if (!place.IsNone)
            {
                if (FindLocked(place.Mount, place.Entry) is not null)
                    return Errno.EBUSY;
                place.Entry.MountsHere++;
                mount.Parent = place.Mount;
                mount.Point = place.Entry;
            }

            mount.Id = ++s_lastId;
            mount.IsInTable = true;
            s_mounts.AddLast(mount);
            return Errno.None;
        }
    }

    /// <summary>Takes a mount out of the tree. <paramref name="expected"/>: users that are no reason to refuse.</summary>
    /// <returns>EBUSY when it is in use (unless <paramref name="lazily"/>); EINVAL when it is not in the tree or is the root.</returns>
    public static Errno Detach(Mount mount, int expected, bool lazily)
    {
        Location place;
        using (s_lock.Acquire())
        {
            if (!mount.IsInTable || mount.Parent is null)
                return Errno.EINVAL;
            if (!lazily && mount.Users > expected)
                return Errno.EBUSY;
            place = RemoveLocked(mount);
        }

        place.Drop();
        mount.Drop();
        if (lazily)
            DetachChildren(mount);
        return Errno.None;
    }

    /// <summary>The place a mount covers, counted; none for the root of all and for what was detached.</summary>
    public static Location PlaceOf(Mount mount)
    {
        using (s_lock.Acquire())
        {
            if (mount.Parent is null)
                return default;
            var place = new Location(mount.Parent, mount.Point!);
            place.AddUser();
            return place;
        }
    }

    /// <summary>The mount after <paramref name="id"/> in the order made, counted; null at the end. For /proc/mounts: start with 0.</summary>
    public static Mount? NextAfter(int id)
    {
        using (s_lock.Acquire())
        {
            for (var mount = s_mounts.First; mount is not null; mount = LinkedRing<Mount, Mount.InTable>.After(mount))
            {
                if (mount.Id <= id)
                    continue;
                mount.AddUser();
                return mount;
            }
        }

        return null;
    }

    private static Mount? FindLocked(Mount parent, DirectoryEntry point)
    {
        for (var mount = s_mounts.First; mount is not null; mount = LinkedRing<Mount, Mount.InTable>.After(mount))
        {
            if (mount.Point == point && mount.Parent == parent)
                return mount;
        }

        return null;
    }

    private static Location RemoveLocked(Mount mount)
    {
        var place = new Location(mount.Parent!, mount.Point!);
        place.Entry.MountsHere--;
        mount.Parent = null;
        mount.Point = null;
        mount.IsInTable = false;
        s_mounts.Remove(mount);
        return place;
    }

    // What is mounted on top of a lazily detached mount goes with it. The detached mount itself may be freed by now: only its
    // identity is compared, and a child that still names it as parent holds it.
    private static void DetachChildren(Mount parent)
    {
        while (true)
        {
            Mount? child;
            Location place;
            using (s_lock.Acquire())
            {
                child = s_mounts.First;
                while (child is not null && child.Parent != parent)
                    child = LinkedRing<Mount, Mount.InTable>.After(child);
                if (child is null)
                    return;
                place = RemoveLocked(child);
            }

            DetachChildren(child);
            place.Drop();
            child.Drop();
        }
    }
}
