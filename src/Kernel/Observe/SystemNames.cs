// What uname(2) tells, and the parts of it that can be set.
// Lock: s_lock guards the host and domain names. man 2 uname, sethostname.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Observe;

[InlineArray(Capacity)]
public struct SystemName
{
    /// <summary>64 bytes and a NUL.</summary>
    public const int Capacity = 65;

    private byte _first;
}

public static class SystemNames
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.InodeTable;
    }

    private static SpinLock<Rank, PreemptionOff> s_lock;
    private static SystemName s_host, s_domain;

    public static ReadOnlySpan<byte> System => "Linux"u8;

    /// <summary>The release whose interface is offered, as programs parse it, with our name.</summary>
    public static ReadOnlySpan<byte> Release => "6.1.0-jiffy"u8;

    public static ReadOnlySpan<byte> Version => "#1 SMP PREEMPT Jiffy"u8;
    public static ReadOnlySpan<byte> Machine => "x86_64"u8;

    public static void Init()
    {
        s_lock = default;
        SetHost("jiffy"u8);
        SetDomain("(none)"u8);
    }

    public static void SetHost(ReadOnlySpan<byte> name) => Set(ref s_host, name);

    public static void SetDomain(ReadOnlySpan<byte> name) => Set(ref s_domain, name);

    public static SystemName Host => Get(ref s_host);
    public static SystemName Domain => Get(ref s_domain);

    private static void Set(ref SystemName to, ReadOnlySpan<byte> name)
    {
        using (s_lock.Acquire())
        {
            Span<byte> bytes = to;
            bytes.Clear();
            name.Slice(0, Math.Min(name.Length, SystemName.Capacity - 1)).CopyTo(bytes);
        }
    }

    private static SystemName Get(ref SystemName from)
    {
        using (s_lock.Acquire())
            return from;
    }
}
