// Files in flight: those in messages that wait to be received. A socket may so be kept alive by nothing but messages, one of them perhaps in its
// own queue; the collector finds such rings and takes them apart.
// Lock (sleeping) guards all counts, and every message that carries files enters or leaves a queue under it: while it is held, what is in flight
// stays as it is. A socket with as many users as it is in flight has no descriptor and no call in progress, and cannot get any but out of a queue.
// Those that no other socket's queue leads to are garbage, and nobody can be reading them. It is looked for when a socket closes, and when a
// descriptor of one in flight does; a use that ends otherwise, with a call in progress, leaves what it made garbage to the next of these.
// Contexts: process. Inside: the sockets' locks. Linux: net/unix/garbage.c, unix_inflight().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Net;

internal static class UnixInFlight
{
    private const int UserSlots = 1024;

    /// <summary>More in flight than this, and who sends files looks for garbage first.</summary>
    private const int MuchInFlight = 16000;

    public static Mutex<UnixInFlightRank> Lock;

    private static LinkedRing<UnixSocket, UnixSocket.InFlightRing> s_sockets;
    private static LinkedRing<UnixSocket, UnixSocket.InWork> s_work;
    private static int[] s_ofUser = null!; // files in flight by their sender's user id; users that share a slot share its limit
    private static int s_count;

    /// <summary>Sockets in flight, each as often as it is.</summary>
    public static int Sockets => Volatile.Read(ref s_count);

    public static void Init()
    {
        Lock = default;
        s_sockets = default;
        s_work = default;
        s_ofUser = new int[UserSlots];
        s_count = 0;
    }

    /// <summary>May the running task send further files: as many as it could have open may be in flight. None or ETOOMANYREFS.</summary>
    public static Errno CheckLimit()
    {
        if (Sockets > MuchInFlight)
            Collect();
        var current = Task.Current;
        var count = Volatile.Read(ref s_ofUser[current.Credentials.UserId % UserSlots]);
        var isTooMany = (ulong)count > current.Group.SoftLimit(Resource.NOFILE) && !current.Credentials.Has(Capability.CAP_SYS_RESOURCE);
        return isTooMany ? Errno.ETOOMANYREFS : Errno.None;
    }

    /// <summary>The files go into a queue. Lock held.</summary>
    public static void CountIn(UnixRights rights)
    {
        for (var i = 0; i < rights.Count; i++)
        {
            if (UnixSocket.TryGet(rights[i]) is not { } socket)
                continue;
            if (socket.InFlight++ == 0)
                s_sockets.AddLast(socket);
            s_count++;
        }

        s_ofUser[rights.UserId % UserSlots] += rights.Count;
    }

    /// <summary>The files have come out of a queue. Lock held.</summary>
    public static void CountOut(UnixRights rights)
    {
        for (var i = 0; i < rights.Count; i++)
        {
            if (UnixSocket.TryGet(rights[i]) is not { } socket)
                continue;
            if (--socket.InFlight == 0)
                s_sockets.Remove(socket);
            s_count--;
        }

        s_ofUser[rights.UserId % UserSlots] -= rights.Count;
    }

    /// <summary>
    /// Frees what only messages keep alive. <paramref name="closing"/>: a file whose last descriptor may just have been closed by the caller, who still
    /// counts as its user. May sleep.
    /// </summary>
    public static void Collect(OpenFile? closing = null)
    {
        if (Sockets == 0)
            return;
        var garbage = default(LinkedRing<UnixMessage, UnixMessage.InQueue>);
        using (Lock.Acquire())
        {
            FindCandidates(closing);
            FollowReachable();
            Take(ref garbage);
        }

        while (garbage.RemoveFirst() is { } message)
            message.Drop();
    }

    /// <summary>A socket has closed: collects now, or, when that happens while files are let go of, once that is done.</summary>
    public static void CollectSoon()
    {
        var current = Task.Current;
        if (current.IsDroppingRights)
            current.MustCollectRights = true;
        else
            Collect();
    }

    // Counts for each socket without other users how often it is in flight in queues of sockets that have some.
    private static void FindCandidates(OpenFile? closing)
    {
        for (var socket = s_sockets.First; socket is not null; socket = LinkedRing<UnixSocket, UnixSocket.InFlightRing>.After(socket))
        {
            var file = socket.File!;
            socket.IsCandidate = (file == closing ? file.Users - 1 : file.Users) == socket.InFlight;
            socket.OtherFlights = socket.InFlight;
        }

        for (var socket = s_sockets.First; socket is not null; socket = LinkedRing<UnixSocket, UnixSocket.InFlightRing>.After(socket))
        {
            if (socket.IsCandidate)
                socket.VisitCarried(static child => child.OtherFlights--);
        }
    }

    private static void FollowReachable()
    {
        for (var socket = s_sockets.First; socket is not null; socket = LinkedRing<UnixSocket, UnixSocket.InFlightRing>.After(socket))
        {
            if (socket.OtherFlights > 0)
                Reach(socket);
        }

        while (s_work.RemoveFirst() is { } socket)
            socket.VisitCarried(static child => Reach(child));
    }

    private static void Reach(UnixSocket socket)
    {
        if (!socket.IsCandidate)
            return;
        socket.IsCandidate = false;
        s_work.AddLast(socket);
    }

    // Counting out changes the ring of sockets in flight, so what is to be taken apart is listed first.
    private static void Take(ref LinkedRing<UnixMessage, UnixMessage.InQueue> garbage)
    {
        for (var socket = s_sockets.First; socket is not null; socket = LinkedRing<UnixSocket, UnixSocket.InFlightRing>.After(socket))
        {
            if (socket.IsCandidate)
                s_work.AddLast(socket);
        }

        while (s_work.RemoveFirst() is { } socket)
            socket.TakeCarriers(ref garbage);
    }
}
