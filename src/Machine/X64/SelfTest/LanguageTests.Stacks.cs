// The stack walker and the symbol table.
using System;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static partial class LanguageTests
{
    private sealed class Walker : IShape
    {
        public int Area() => Deep(3);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static int Deep(int depth)
        {
            if (depth > 0)
                return Deep(depth - 1) + 1;
            Span<ulong> addresses = stackalloc ulong[16];
            return CountKnown(addresses.Slice(0, Backtrace.WalkHere(addresses)));
        }
    }

    // Prints nothing when all is well: the number of frames with the names that must be there, outermost last.
    private static int CountKnown(ReadOnlySpan<ulong> addresses)
    {
        var known = 0;
        foreach (var address in addresses)
        {
            if (Backtrace.TryDescribe(address, out var location) && location.Method.StartsWith("Jiffy.Machine."u8) && location.Line > 0)
                known++;
        }
        var last = addresses[addresses.Length - 1];
        if (!Backtrace.TryDescribe(last, out var outermost) || !outermost.Method.SequenceEqual("boot_start_high"u8))
            return 0;
        return known;
    }

    private static void Stacks()
    {
        // Four times Deep, CallArea, Stacks, RunAndExit, Boot (Area jumps to Deep); Deep adds three on the way back.
        Check("stack walk", CallArea(new Walker()) >= 8 + 3);
        Check("address without a symbol", !Backtrace.TryDescribe(0x1000, out _) && !Backtrace.TryDescribe(ulong.MaxValue, out _));
    }
}
