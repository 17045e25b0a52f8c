// Where something was done: a few return addresses. Contexts: any.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

[InlineArray(Depth)]
public struct CallPlace
{
    public const int Depth = 8;

    private ulong _first;
}

internal static class CallPlaces
{
    // The hooks themselves come first on the stack.
    private const int Skipped = 3;

    public static void SetHere(this ref CallPlace place)
    {
        Span<ulong> addresses = stackalloc ulong[CallPlace.Depth + Skipped];
        var count = Backtrace.WalkHere(addresses);
        Span<ulong> kept = place;
        kept.Clear();
        if (count > Skipped)
            addresses.Slice(Skipped, count - Skipped).CopyTo(kept);
    }

    public static int CopyTo(this ref CallPlace place, Span<ulong> addresses)
    {
        Span<ulong> kept = place;
        kept.CopyTo(addresses);
        var count = kept.IndexOf(0UL);
        return count < 0 ? kept.Length : count;
    }
}
