// Random values: the processor's generator where there is one; else the TSC's low bits, mixed. With `nordrand` on the command
// line a fixed sequence, so that runs repeat. Any context; the sequence is shared by all CPUs.
using System.Threading;

namespace Jiffy.Machine;

public static unsafe partial class Entropy
{
    private const long Step = unchecked((long)0x9e37_79b9_7f4a_7c15);

    private static long s_state;
    private static bool s_isRepeatable;

    internal static void SetUp() => s_isRepeatable = BootInfo.HasOption("nordrand"u8);

    public static partial ulong Next()
    {
        ulong value;
        if (!s_isRepeatable && Processor.HasRandom && Instructions.Random(&value))
            return value;
        var state = (ulong)Interlocked.Add(ref s_state, Step);
        return Mix(s_isRepeatable ? state : state ^ Mix(Instructions.ReadTsc()));
    }

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong x)
    {
        x = (x ^ x >> 30) * 0xbf58_476d_1ce4_e5b9;
        x = (x ^ x >> 27) * 0x94d0_49bb_1331_11eb;
        return x ^ x >> 31;
    }
}
