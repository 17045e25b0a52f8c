// What one sending or receiving call brings and takes besides bytes. Values on the caller's stack. Linux: struct msghdr, struct scm_cookie.
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Net;

internal ref struct UnixSend
{
    /// <summary>MSG_ flags.</summary>
    public int Flags;

    /// <summary>When to give up: monotonic nanoseconds; zero: do not wait, long.MaxValue: never.</summary>
    public long Deadline;

    /// <summary>An address was given; <see cref="To"/> is its name.</summary>
    public bool HasTo;

    public ReadOnlySpan<byte> To;

    /// <summary>Files to send. Null again once they are on their way; otherwise still the caller's.</summary>
    public UnixRights? Rights;

    /// <summary>The caller says who it is, and may.</summary>
    public bool HasCredentials;

    public SocketCredentials Credentials;
}

internal ref struct UnixReceive
{
    /// <summary>MSG_ flags, as asked.</summary>
    public int Flags;

    /// <summary>MSG_ flags, as found: MSG_TRUNC.</summary>
    public int Found;

    /// <summary>When to give up: monotonic nanoseconds; zero: do not wait, long.MaxValue: never.</summary>
    public long Deadline;

    /// <summary>Gets the sender's name; may be empty.</summary>
    public Span<byte> From;

    /// <summary>How long the name is; zero: the sender has none, or nobody asked.</summary>
    public int FromLength;

    /// <summary>Files that came, the caller's now.</summary>
    public UnixRights? Rights;

    /// <summary>The receiver asked for credentials (SO_PASSCRED), and got them.</summary>
    public bool HasCredentials;

    public SocketCredentials Credentials;

    public readonly bool IsPeek => (Flags & SocketConstants.MSG_PEEK) != 0;
}
