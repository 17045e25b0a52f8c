// The high precision event timer: a counter that always runs, and comparators that ring. Comparator 0 rings once at a time, in 32-bit mode.
// Contexts: SetUp at start-up; Counter any; Ring by BroadcastAlarm with its lock. Specification: IA-PC HPET 1.0a.
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe class Hpet
{
    private const int Period = 4, Configuration = 0x10, MainCounter = 0xf0, Timer0 = 0x100, Timer0Routes = 0x104, Comparator0 = 0x108;
    private const uint Enable = 1, LegacyRoutes = 2;
    private const uint InterruptOn = 1 << 2, Is32Bit = 1 << 8, OtherBits = ~0x7f4eu; // type, enable, periodic, size, route: ours
    private const int RouteShift = 9;
    private const ulong FemtosecondsPerSecond = 1_000_000_000_000_000;

    private static byte* s_registers;

    internal static bool Exists => s_registers != null;

    internal static long Frequency { get; private set; }

    /// <summary>The lower half of the counter.</summary>
    internal static uint Counter => Read(MainCounter);

    /// <summary>Finds it and lets it count. Start-up, after the firmware's tables.</summary>
    internal static void SetUp()
    {
        if (BootInfo.HasOption("hpet=disable"u8))
            Acpi.HpetAddress = 0;
        if (Acpi.HpetAddress == 0)
            return;
        s_registers = (byte*)KernelPages.MapDevice(Acpi.HpetAddress);
        var period = Read(Period);
        if (period == 0)
        {
            s_registers = null;
            Acpi.HpetAddress = 0;
            return;
        }
        Frequency = (long)(FemtosecondsPerSecond / period);
        Write(Configuration, Read(Configuration) & ~LegacyRoutes | Enable);
    }

    /// <summary>Turns comparator 0 on; the global interrupt that it is wired to, or -1 when there is none.</summary>
    internal static int EnableAlarm()
    {
        var routes = Read(Timer0Routes);
        if (routes == 0)
            return -1;
        var route = System.Numerics.BitOperations.TrailingZeroCount(routes);
        Write(Timer0, Read(Timer0) & OtherBits | (uint)route << RouteShift | Is32Bit | InterruptOn);
        return route;
    }

    /// <summary>Rings once after so many counts. False: the moment has passed meanwhile, and it may not ring.</summary>
    internal static bool Ring(uint counts)
    {
        var at = Counter + counts;
        Write(Comparator0, at);
        return (int)(at - Counter) > 0;
    }

    private static uint Read(int register) => Volatile.Read(ref *(uint*)(s_registers + register));

    private static void Write(int register, uint value) => Volatile.Write(ref *(uint*)(s_registers + register), value);
}
