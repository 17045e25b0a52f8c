// The time zone that old programs ask the kernel for; it means nothing to the kernel, but for one thing: the first zone that is set without
// a time tells that the hardware's clock shows local time, and the clock is put right. Context: process; single words, so no lock.
// Linux: sys_tz, timekeeping_warp_clock(). man 2 gettimeofday.
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Time;

public struct SystemTimeZone
{
    private const int MostMinutes = 15 * 60;

    public int MinutesWest, DaylightSaving;

    private static SystemTimeZone s_current;
    private static bool s_wasSet;

    public static SystemTimeZone Current => s_current;

    /// <summary>Greenwich. Boot.</summary>
    public static void Init()
    {
        s_current = default;
        s_wasSet = false;
    }

    /// <summary>Keeps the zone; <paramref name="isAlone"/>: no time was given with it. EINVAL: there is no such zone.</summary>
    public static Errno Set(SystemTimeZone zone, bool isAlone)
    {
        if (zone.MinutesWest is > MostMinutes or < -MostMinutes)
            return Errno.EINVAL;
        s_current = zone;
        var isFirst = !s_wasSet;
        s_wasSet = true;
        if (isFirst && isAlone && zone.MinutesWest != 0)
            TimeKeeper.SetRealTime(TimeKeeper.RealTime + zone.MinutesWest * 60L * TimeKeeper.NanosecondsPerSecond);
        return Errno.None;
    }
}
