// The sources that time can be read from, and changing between them: the TSC, if it can be trusted, else a counter of the machine.
// Contexts: start-up; TryUseSource in process context, one at a time. Readers take no lock: whoever still reads the former source gets the time by
// it, and the next one begins ahead of that. Kernel command line: clocksource=NAME, tsc=unstable. Linux: clocksource_select().
namespace Jiffy.Machine;

public static unsafe partial class Clock
{
    private const string TscName = "tsc";

    private static CounterClock[] s_counters = null!;
    private static CounterClock? s_counter; // null: the TSC

    /// <summary>Time is read from the TSC, also by user programs.</summary>
    internal static bool UsesTsc => s_counter is null;

    internal static bool TscIsTrusted => !BootInfo.HasOption("tsc=unstable"u8);

    public static partial int SourceCount => s_counters.Length + (TscIsTrusted ? 1 : 0);

    public static partial int CurrentSource
    {
        get
        {
            var first = TscIsTrusted ? 1 : 0;
            for (var i = 0; i < s_counters.Length; i++)
            {
                if (s_counters[i] == s_counter)
                    return first + i;
            }
            return 0;
        }
    }

    public static partial string SourceName(int index)
    {
        if (!TscIsTrusted)
            return s_counters[index].Name;
        return index == 0 ? TscName : s_counters[index - 1].Name;
    }

    public static partial void UseSource(int index)
    {
        var counter = !TscIsTrusted ? s_counters[index] : index == 0 ? null : s_counters[index - 1];
        if (counter == s_counter)
            return;
        if (counter is not null)
            counter.Begin();
        else
            BeginTsc();
        System.Threading.Volatile.Write(ref s_counter, counter);
    }

    /// <summary>CPU 0 must look at the clock at least by this moment, because its counter wraps; long.MaxValue: it need not.</summary>
    internal static long MustLookBy(long now) => s_counter is { } counter ? now + counter.LongestPause : long.MaxValue;

    // Time goes on: that many cycles ago it was zero, rounded so that it does not go back.
    private static void BeginTsc()
    {
        var cycles = Instructions.ReadTsc();
        var now = Now;
        s_scale.Start = cycles - Divide(now, (long)s_scale.Multiplier) - 1;
    }

    private static void FindSources()
    {
        var found = 0;
        for (var kind = CounterKind.Hpet; kind <= CounterKind.Pit; kind++)
            found += CounterClock.Exists(kind) ? 1 : 0;
        s_counters = new CounterClock[found];
        for (var kind = CounterKind.Pit; kind >= CounterKind.Hpet; kind--)
        {
            if (CounterClock.Exists(kind))
                s_counters[--found] = new CounterClock(kind);
        }
        UseSource(WantedSource());
    }

    private static int WantedSource()
    {
        for (var i = 0; i < SourceCount; i++)
        {
            var isWanted = SourceName(i) switch
            {
                "tsc" => BootInfo.HasOption("clocksource=tsc"u8),
                "hpet" => BootInfo.HasOption("clocksource=hpet"u8),
                "acpi_pm" => BootInfo.HasOption("clocksource=acpi_pm"u8),
                _ => BootInfo.HasOption("clocksource=pit"u8),
            };
            if (isWanted)
                return i;
        }
        return 0;
    }
}
