// Bodies of the clock contract: time is the TSC, scaled; the alarm is the local APIC's timer. Both are measured at start-up
// against a timer of known frequency, unless the processor says its own.
// Contexts: any; SetAlarm with interrupts off.
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

/// <summary>Now = (TSC - Start) * Multiplier / 2^32. Layout: clock_now in Entry/instructions.asm.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ClockScale
{
    internal ulong Start, Multiplier;
}

public static unsafe partial class Clock
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // A far deadline is reached in steps: the timer is 32 bits wide.
    internal const long LongestAlarm = NanosecondsPerSecond;

    private static ClockScale s_scale;
    private static long s_cyclesPerSecond, s_timerPerSecond, s_realTimeAtStart;

    public static partial long Now
    {
        get
        {
            if (s_counter is { } counter)
                return counter.Now;
            fixed (ClockScale* scale = &s_scale)
                return Instructions.ClockNow(scale);
        }
    }

    /// <summary>How <see cref="Now"/> follows from the TSC, if it does: <see cref="UsesTsc"/>.</summary>
    internal static ClockScale Scale => s_scale;

    public static partial long RealTimeAtStart => s_realTimeAtStart;

    public static partial ulong Cycles => Instructions.ReadTsc();

    public static partial long CyclesPerSecond => s_cyclesPerSecond;

    public static partial string Source => s_counter is { } counter ? counter.Name : Calibration.Method;

    public static partial string AlarmSource => BroadcastAlarm.IsUsed ? BroadcastAlarm.Name : LocalApic.UsesTscDeadline ? "local APIC, TSC deadline" : "local APIC, one-shot";

    /// <summary>The first thing at start-up: time begins.</summary>
    internal static void Begin() => s_scale.Start = Instructions.ReadTsc();

    /// <summary>Start-up on the first CPU, with the local APIC set up.</summary>
    internal static void Calibrate()
    {
        Calibration.Measure(out s_cyclesPerSecond, out s_timerPerSecond);
        s_scale.Multiplier = Divide(NanosecondsPerSecond, s_cyclesPerSecond);
        FindSources();
        s_realTimeAtStart = RealTimeClock.Read() - Now / NanosecondsPerSecond;
        if (BootInfo.HasOption("nolapic_timer"u8))
            BroadcastAlarm.SetUp();
    }

    // value * 2^32 / divisor, by long division.
    private static ulong Divide(long value, long divisor)
    {
        var quotient = (ulong)(value / divisor);
        var rest = (ulong)(value % divisor);
        for (var i = 0; i < 32; i++)
        {
            rest <<= 1;
            quotient <<= 1;
            if (rest < (ulong)divisor)
                continue;
            rest -= (ulong)divisor;
            quotient |= 1;
        }
        return quotient;
    }

    public static partial void SetAlarm(long deadline)
    {
        System.Threading.Volatile.Write(ref CpuArea.Here->AlarmDeadline, deadline);
        Arm(deadline);
    }

    // The counts are rounded up, so that the interrupt does not come before its time.
    private static void Arm(long deadline)
    {
        var now = Now;
        if (Cpu.Id == 0 && MustLookBy(now) is var first && first < deadline)
            deadline = first;
        if (BroadcastAlarm.IsUsed)
        {
            BroadcastAlarm.Set(deadline);
            return;
        }
        if (deadline == long.MaxValue)
        {
            Disarm();
            return;
        }
        var delay = deadline - now;
        delay = delay < 0 ? 0 : delay > LongestAlarm ? LongestAlarm : delay;
        if (LocalApic.UsesTscDeadline)
            LocalApic.SetDeadline(Instructions.ReadTsc() + Counts(delay, s_cyclesPerSecond));
        else
            LocalApic.SetTimer((uint)Counts(delay, s_timerPerSecond));
    }

    private static void Disarm()
    {
        if (LocalApic.UsesTscDeadline)
            LocalApic.SetDeadline(0);
        else
            LocalApic.SetTimer(0);
    }

    // Frequencies stay below 2^33 Hz, so that the product of nanoseconds up to a second stays below 2^63.
    private static ulong Counts(long nanoseconds, long perSecond) =>
        (ulong)nanoseconds * (ulong)perSecond / (ulong)NanosecondsPerSecond + 1;

    /// <summary>The timer interrupt: the kernel's, unless it is only a step on the way to a far deadline. Interrupts off.</summary>
    internal static void TimerRang(bool fromUser)
    {
        var area = CpuArea.Here;
        if (area->AlarmDeadline > Now)
        {
            MachineInterrupts.Count(MachineInterrupt.AlarmStep);
            Arm(area->AlarmDeadline);
            return;
        }
        area->AlarmDeadline = long.MaxValue;
        KernelEntry.Instance.TimerInterrupt(fromUser);
    }
}
