// Counters that can take the TSC's place as the source of time: HPET, ACPI's power management timer, channel 2 of the PIT. They are
// narrow, so the upper bits are counted here: the value last seen is kept, and somebody must look more often than the counter wraps, which
// CPU 0's alarm sees to. Contexts: any. Ordering: the value seen is changed by compare-exchange, read before the counter is; the counter
// itself goes forward for all CPUs, so time does. Linux: clocksource_hpet, clocksource_acpi_pm.
using System.Threading;

namespace Jiffy.Machine;

internal enum CounterKind
{
    Hpet,
    AcpiTimer,
    Pit,
}

internal sealed unsafe class CounterClock
{
    private const long PmTimerFrequency = 3_579_545, NanosecondsPerSecond = 1_000_000_000;

    private readonly CounterKind _kind;
    private readonly uint _mask;
    private long _seen;          // the counter with its upper bits
    private long _start, _base;  // at count _start it was _base

    internal CounterClock(CounterKind kind)
    {
        _kind = kind;
        _mask = kind switch { CounterKind.Hpet => uint.MaxValue, CounterKind.AcpiTimer => 0xff_ffff, _ => 0xffff };
        Frequency = kind switch { CounterKind.Hpet => Hpet.Frequency, CounterKind.AcpiTimer => PmTimerFrequency, _ => Pit.Frequency };
    }

    internal long Frequency { get; }

    internal string Name => _kind switch { CounterKind.Hpet => "hpet", CounterKind.AcpiTimer => "acpi_pm", _ => "pit" };

    /// <summary>Nanoseconds in which somebody must have looked at it: less than half a turn.</summary>
    internal long LongestPause
    {
        get
        {
            var third = _mask / 3 * 1_000_000L / Frequency * 1000;
            return third > NanosecondsPerSecond ? NanosecondsPerSecond : third;
        }
    }

    internal static bool Exists(CounterKind kind) => kind switch
    {
        CounterKind.Hpet => Hpet.Exists,
        CounterKind.AcpiTimer => Acpi.PmTimerPort != 0,
        _ => true,
    };

    /// <summary>Goes on where the present source stands. That is asked after the counter, so that time does not go back.</summary>
    internal void Begin()
    {
        if (_kind == CounterKind.Pit)
            Pit.StartCounter();
        _seen = ReadOnce();
        _start = _seen;
        _base = Clock.Now;
    }

    internal long Now
    {
        get
        {
            var passed = Count() - _start;
            return _base + passed / Frequency * NanosecondsPerSecond + passed % Frequency * NanosecondsPerSecond / Frequency;
        }
    }

    private long Count()
    {
        while (true)
        {
            var seen = Volatile.Read(ref _seen);
            var now = seen + (ReadOnce() - (uint)seen & _mask);
            if (now == seen || Interlocked.CompareExchange(ref _seen, now, seen) == seen)
                return now;
        }
    }

    private uint ReadOnce() => _kind switch
    {
        CounterKind.Hpet => Hpet.Counter,
        CounterKind.AcpiTimer => Ports.Read32(Acpi.PmTimerPort) & _mask,
        _ => Pit.Counter,
    };
}
