// The ranks of the locks of this room, as types. The order itself stands in Sync/LockRank.cs.
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Net;

/// <summary>Sleeping: one per socket, while it gets its name.</summary>
internal readonly struct UnixBindRank : ILockRank
{
    public static LockRank Rank => LockRank.UnixBind;
}

/// <summary>Sleeping: one per socket, who reads it.</summary>
internal readonly struct UnixReadRank : ILockRank
{
    public static LockRank Rank => LockRank.UnixRead;
}

/// <summary>Sleeping: one for all messages that carry files.</summary>
internal readonly struct UnixInFlightRank : ILockRank
{
    public static LockRank Rank => LockRank.UnixInFlight;
}

internal readonly struct UnixNamesRank : ILockRank
{
    public static LockRank Rank => LockRank.UnixNames;
}

/// <summary>Two at once: the socket with the lower number first.</summary>
internal readonly struct UnixSocketRank : ILockRank
{
    public static LockRank Rank => LockRank.UnixSocket;
}
