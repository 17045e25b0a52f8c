using System;

namespace Jiffy.Machine;

// Simulated programs are C# and have no use for machine code; the page is kept all the same, and tests read it.
public static partial class UserCode
{
    public static partial ReadOnlySpan<byte> Image => default;

    public static partial void Prepare(Span<long> page)
    {
        page[UserCodePage.UsesCycles] = 1;
        page[UserCodePage.StartCycles] = 0;
        page[UserCodePage.Multiplier] = 1L << 32;
    }
}
