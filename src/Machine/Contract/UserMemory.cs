// Copies between the kernel and the running task's user memory. They survive any address. May sleep (page faults).
// Not in hardirq or softirq context and not with a spin lock held, except the *Atomic forms, which fail instead of faulting in.
using System;

namespace Jiffy.Machine;

public static partial class UserMemory
{
    /// <summary>First address that is not user's: 2^47 less one page, as on Linux.</summary>
    public const ulong Limit = 0x7fff_ffff_f000;

    /// <summary>Copies in. False: some address was bad; <paramref name="to"/> may be partly filled.</summary>
    [MaySleep]
    public static partial bool TryRead(ulong from, Span<byte> to);

    /// <summary>Copies out. False: some address was bad; a part may have been written.</summary>
    [MaySleep]
    public static partial bool TryWrite(ulong to, ReadOnlySpan<byte> from);

    /// <summary>Writes zeros.</summary>
    [MaySleep]
    public static partial bool TryClear(ulong to, ulong count);

    /// <summary>
    /// Copies a NUL-terminated string in, without the NUL. Returns its length; -1: bad address; <paramref name="to"/>.Length: no NUL within it.
    /// </summary>
    [MaySleep]
    public static partial int ReadString(ulong from, Span<byte> to);

    /// <summary>Reads a 32-bit word without faulting pages in: false when it is not there now. Any context but hardirq.</summary>
    public static partial bool TryReadAtomic(ulong from, out uint value);

    /// <summary>Compares and exchanges a user word in one step; may fault pages in. False: bad address. <paramref name="previous"/>: what was there.</summary>
    [MaySleep]
    public static partial bool TryCompareExchange(ulong at, uint value, uint expected, out uint previous);

    /// <summary>The same without faulting pages in: false when the word is not there, or not writable, now. Any context but hardirq.</summary>
    public static partial bool TryCompareExchangeAtomic(ulong at, uint value, uint expected, out uint previous);
}
