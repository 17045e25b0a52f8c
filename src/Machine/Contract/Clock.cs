// Time as the machine gives it, and each CPU's alarm. Any context.
namespace Jiffy.Machine;

public static partial class Clock
{
    /// <summary>Nanoseconds since the machine started; never goes back, on no CPU.</summary>
    public static partial long Now { get; }

    /// <summary>Seconds since 1970 that the battery clock showed at <see cref="Now"/> = 0.</summary>
    public static partial long RealTimeAtStart { get; }

    /// <summary>
    /// Raises <see cref="KernelEntry.TimerInterrupt"/> on this CPU once, at or soon after <paramref name="deadline"/> (as <see cref="Now"/> counts); replaces an
    /// earlier alarm. A deadline in the past rings at once. <see cref="long.MaxValue"/>: none. Interrupts off.
    /// </summary>
    public static partial void SetAlarm(long deadline);

    /// <summary>The cycle counter, for measuring.</summary>
    public static partial ulong Cycles { get; }

    /// <summary>Frequency of <see cref="Cycles"/> in hertz.</summary>
    public static partial long CyclesPerSecond { get; }

    /// <summary>What time is read from and how its frequency is known; for the log.</summary>
    public static partial string Source { get; }

    /// <summary>How many sources time can be read from, best first; their names; and which is used.</summary>
    public static partial int SourceCount { get; }
    public static partial string SourceName(int index);
    public static partial int CurrentSource { get; }

    /// <summary>
    /// Reads time from another source from now on; <see cref="Now"/> goes on without a step back. One caller at a time; every CPU sets its alarm
    /// anew afterwards.
    /// </summary>
    public static partial void UseSource(int index);

    /// <summary>What rings the alarm; for the log.</summary>
    public static partial string AlarmSource { get; }
}
