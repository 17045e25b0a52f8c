// How fast the TSC and the local APIC's timer count: asked from the processor or a hypervisor where they say, else measured
// against a timer of known frequency: HPET, ACPI's power management timer, or the PIT. Contexts: start-up, interrupts off.
// Under an instruction-counting clock all timers count the same virtual time, so the result repeats exactly.
namespace Jiffy.Machine;

internal static unsafe class Calibration
{
    // How long to measure: a fast reference needs less for the same precision.
    private const long FastReference = 10_000_000, ShortMilliseconds = 2, LongMilliseconds = 10;

    /// <summary>How the TSC's frequency came to be known.</summary>
    internal static string Method { get; private set; } = "TSC";

    internal static void Measure(out long cyclesPerSecond, out long timerPerSecond)
    {
        var reference = ReferenceTimer.Find();
        LocalApic.SetTimer(uint.MaxValue);
        var start = reference.Read(out var startCycles);
        var startTimer = LocalApic.TimerLeft;
        var wanted = reference.Frequency * (reference.Frequency >= FastReference ? ShortMilliseconds : LongMilliseconds) / 1000;
        long elapsed;
        ulong endCycles;
        do
            elapsed = reference.Since(start, out endCycles);
        while (elapsed < wanted);
        var endTimer = LocalApic.TimerLeft;
        LocalApic.SetTimer(0);

        var told = ToldFrequency();
        Method = told != 0 ? "TSC, its frequency told by the processor" : reference.Method;
        cyclesPerSecond = told != 0 ? told : (long)(endCycles - startCycles) * reference.Frequency / elapsed;
        timerPerSecond = (startTimer - endTimer) * reference.Frequency / elapsed;
    }

    // Leaf 0x15 gives the TSC as a ratio to a crystal; hypervisors give kilohertz in 0x40000010.
    private static long ToldFrequency()
    {
        const uint crystalLeaf = 0x15, hypervisorFirst = 0x4000_0000, hypervisorTiming = 0x4000_0010;
        var r = stackalloc uint[4];
        if (Processor.HighestLeaf >= crystalLeaf)
        {
            Instructions.CpuId(crystalLeaf, 0, r);
            if (r[0] != 0 && r[1] != 0 && r[2] != 0)
                return (long)r[2] * r[1] / r[0];
        }
        if (!Processor.IsHypervisor)
            return 0;
        Instructions.CpuId(hypervisorFirst, 0, r);
        if (r[0] < hypervisorTiming || r[0] > hypervisorFirst + 0xff)
            return 0;
        Instructions.CpuId(hypervisorTiming, 0, r);
        return r[0] * 1000L;
    }
}

/// <summary>A timer whose frequency is known. Wraps at <see cref="_mask"/>.</summary>
internal struct ReferenceTimer
{
    private const long PmTimerFrequency = 3_579_545, PitFrequency = 1_193_182;
    private const ushort PitChannel0 = 0x40, PitMode = 0x43;

    private bool _usesHpet;
    private ushort _pmTimer;
    private uint _mask;

    internal long Frequency;

    internal readonly string Method =>
        _usesHpet ? "TSC, measured against HPET" : _pmTimer != 0 ? "TSC, measured against the ACPI timer" : "TSC, measured against the PIT";

    internal static ReferenceTimer Find()
    {
        var timer = new ReferenceTimer();
        if (Hpet.Exists)
            timer.UseHpet();
        else if (Acpi.PmTimerPort != 0)
            timer.UsePmTimer(Acpi.PmTimerPort);
        else
            timer.UsePit();
        return timer;
    }

    private void UseHpet()
    {
        _usesHpet = true;
        _mask = uint.MaxValue;
        Frequency = Hpet.Frequency;
    }

    private void UsePmTimer(ushort port)
    {
        _pmTimer = port;
        _mask = 0xff_ffff;
        Frequency = PmTimerFrequency;
    }

    // Channel 0 counts down from 65536 again and again; nobody else uses it.
    private void UsePit()
    {
        _mask = 0xffff;
        Frequency = PitFrequency;
        Ports.Write8(PitMode, 0x34);
        Ports.Write8(PitChannel0, 0);
        Ports.Write8(PitChannel0, 0);
    }

    /// <summary>The timer's value and the TSC at the same moment: the best of a few attempts, since a host may take the CPU away in between.</summary>
    internal readonly uint Read(out ulong cycles)
    {
        const int attempts = 4;
        var (best, value) = (ulong.MaxValue, 0u);
        cycles = 0;
        for (var i = 0; i < attempts; i++)
        {
            var before = Instructions.ReadTsc();
            var seen = ReadOnce();
            var took = Instructions.ReadTsc() - before;
            if (took >= best)
                continue;
            (best, value, cycles) = (took, seen, before + took / 2);
        }
        return value;
    }

    private readonly uint ReadOnce()
    {
        if (_usesHpet)
            return Hpet.Counter;
        if (_pmTimer != 0)
            return Ports.Read32(_pmTimer) & _mask;
        Ports.Write8(PitMode, 0);
        var low = Ports.Read8(PitChannel0);
        return (uint)(0x10000 - (low | Ports.Read8(PitChannel0) << 8)) & _mask;
    }

    /// <summary>Counts since <paramref name="start"/>; right for less than one turn.</summary>
    internal readonly long Since(uint start, out ulong cycles) => Read(out cycles) - start & _mask;
}
