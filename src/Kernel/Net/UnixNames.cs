// All sockets, and how their names lead to them: abstract names by a hash table, those in the file tree by their inode, which knows its socket.
// Lock: s_lock guards the lists, the inodes' sockets and the giving of numbers; who finds a socket counts itself in under it.
// Context: process. Linux: unix_socket_table, unix_find_bsd(), unix_find_abstract(), unix_autobind().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Net;

internal static class UnixNames
{
    private const int Buckets = 256;
    private const uint AutomaticNames = 1 << 20;
    private const int AutomaticDigits = 5;

    private static SpinLock<UnixNamesRank, PreemptionOff> s_lock;
    private static LinkedRing<UnixSocket, UnixSocket.InBucket>[] s_buckets = null!;
    private static LinkedRing<UnixSocket, UnixSocket.InAll> s_all; // in the order of their numbers
    private static long s_lastNumber;
    private static uint s_nextAutomatic;

    public static void Init()
    {
        s_lock = default;
        s_buckets = new LinkedRing<UnixSocket, UnixSocket.InBucket>[Buckets];
        s_all = default;
        s_lastNumber = 0;
        s_nextAutomatic = 0;
    }

    /// <summary>Gives a new socket its number and lists it.</summary>
    public static void Add(UnixSocket socket)
    {
        using (s_lock.Acquire())
        {
            socket.Number = ++s_lastNumber;
            s_all.AddLast(socket);
        }
    }

    /// <summary>The socket closes: nobody finds it any more.</summary>
    public static void Remove(UnixSocket socket)
    {
        using (s_lock.Acquire())
        {
            s_all.Remove(socket);
            if (LinkedRing<UnixSocket, UnixSocket.InBucket>.IsLinked(socket))
                s_buckets[socket.Bucket].Remove(socket);
            else if (!socket.Place.IsNone)
                socket.Place.Inode.Private = null;
        }
    }

    /// <summary>The socket with the next higher number, counted for the caller; null: there is none. For lists.</summary>
    public static UnixSocket? Next(long number, UnixSocket? last)
    {
        using (s_lock.Acquire())
        {
            var next = last is not null && LinkedRing<UnixSocket, UnixSocket.InAll>.IsLinked(last)
                ? LinkedRing<UnixSocket, UnixSocket.InAll>.After(last)
                : s_all.First;
            while (next is not null && next.Number <= number)
                next = LinkedRing<UnixSocket, UnixSocket.InAll>.After(next);
            next?.AddUser();
            return next;
        }
    }

    /// <summary>Enters an abstract name. EADDRINUSE: a socket of this type has it.</summary>
    public static Errno Enter(UnixSocket socket, ReadOnlySpan<byte> name)
    {
        using (s_lock.Acquire())
        {
            var bucket = BucketOf(name, socket.Type);
            if (FindLocked(bucket, name, socket.Type) is not null)
                return Errno.EADDRINUSE;
            EnterLocked(socket, name, bucket);
            return Errno.None;
        }
    }

    /// <summary>Finds a free abstract name of five digits and enters it. ENOSPC.</summary>
    public static Errno EnterAutomatic(UnixSocket socket)
    {
        Span<byte> buffer = stackalloc byte[1 + AutomaticDigits];
        for (uint tries = 0; tries < AutomaticNames; tries++)
        {
            var text = new TextWriter(buffer);
            text.Append($"\0{Interlocked.Increment(ref s_nextAutomatic) % AutomaticNames:x5}");
            if (Enter(socket, text.Written) == Errno.None)
                return Errno.None;
        }

        return Errno.ENOSPC;
    }

    /// <summary>Makes the socket of a place in the file tree, which is the caller's use of it, this one.</summary>
    public static void Enter(UnixSocket socket, ReadOnlySpan<byte> name, in Location place)
    {
        using (s_lock.Acquire())
        {
            socket.Place = place;
            place.Inode.Private = socket;
            socket.SetName(name);
        }
    }

    /// <summary>The socket of a name, counted for the caller. ECONNREFUSED: there is none, ENOENT, EACCES, EPROTOTYPE: it has another type, and what paths give.</summary>
    public static Errno Find(ReadOnlySpan<byte> name, int type, out UnixSocket? found)
    {
        found = null;
        if (!UnixName.IsAbstract(name))
            return FindPath(name, type, out found);
        using (s_lock.Acquire())
        {
            found = FindLocked(BucketOf(name, type), name, type);
            found?.AddUser();
        }

        return found is null ? Errno.ECONNREFUSED : Errno.None;
    }

    private static Errno FindPath(ReadOnlySpan<byte> path, int type, out UnixSocket? found)
    {
        found = null;
        var resolved = PathLookup.Resolve(FileConstants.AT_FDCWD, path);
        if (!resolved.TryGet(out var place))
            return resolved.Error;
        var error = Permission.CheckMount(place, FileConstants.W_OK);
        if (error == Errno.None)
            error = Permission.Check(place.Inode, FileConstants.W_OK);
        if (error == Errno.None && place.Inode.Type == FileConstants.S_IFSOCK)
        {
            using (s_lock.Acquire())
            {
                found = place.Inode.Private as UnixSocket;
                found?.AddUser();
            }
        }

        place.Drop();
        if (error != Errno.None)
            return error;
        if (found is null)
            return Errno.ECONNREFUSED;
        if (found.Type == type)
            return Errno.None;
        found.DropUser();
        found = null;
        return Errno.EPROTOTYPE;
    }

    private static void EnterLocked(UnixSocket socket, ReadOnlySpan<byte> name, int bucket)
    {
        socket.SetName(name);
        socket.Bucket = bucket;
        s_buckets[bucket].AddLast(socket);
    }

    private static UnixSocket? FindLocked(int bucket, ReadOnlySpan<byte> name, int type)
    {
        for (var socket = s_buckets[bucket].First; socket is not null; socket = LinkedRing<UnixSocket, UnixSocket.InBucket>.After(socket))
        {
            if (socket.Type == type && socket.Name.SequenceEqual(name))
                return socket;
        }

        return null;
    }

    private static int BucketOf(ReadOnlySpan<byte> name, int type)
    {
        var hash = (uint)type;
        foreach (var value in name)
            hash = hash * 31 + value;
        return (int)((hash ^ hash >> 8 ^ hash >> 16) % Buckets);
    }
}
