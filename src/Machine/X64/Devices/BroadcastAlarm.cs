// One timer that rings for all CPUs, where the local APICs' own timers are not to be used: comparator 0 of the HPET, or the PIT. It is set to
// the earliest alarm of all; CPU 0 takes its interrupt and passes it on to the CPUs whose time has come.
// Contexts: Set and Rang with interrupts off. Lock: s_busy guards s_next and the device. A CPU writes its deadline before it takes the lock;
// Rang reads them all with it: so either sees the other. Linux: tick-broadcast.c.
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe class BroadcastAlarm
{
    private const uint LeastCounts = 64;

    private static bool s_usesHpet;
    private static int s_busy;
    private static long s_next = long.MaxValue; // when the device rings

    internal static bool IsUsed { get; private set; }

    internal static string Name => s_usesHpet ? "HPET for all CPUs" : "PIT for all CPUs";

    /// <summary>Takes it into use. Start-up, on CPU 0, with the interrupt controllers set up.</summary>
    internal static void SetUp()
    {
        Pit.Silence();
        var line = Hpet.Exists ? Hpet.EnableAlarm() : -1;
        s_usesHpet = line >= 0;
        if (s_usesHpet)
            InterruptLines.Route((uint)line, 0, Vectors.Broadcast);
        else
            InterruptLines.Route(Acpi.TimerInterrupt, Acpi.TimerInterruptFlags, Vectors.Broadcast);
        IsUsed = true;
    }

    /// <summary>The running CPU has a new deadline, in its area.</summary>
    internal static void Set(long deadline)
    {
        Take();
        if (deadline < s_next)
            Program(deadline, Clock.Now);
        Give();
    }

    /// <summary>The device rang. On CPU 0.</summary>
    internal static void Rang(bool fromUser)
    {
        var now = Clock.Now;
        var due = default(CpuSet);
        Take();
        s_next = long.MaxValue;
        var next = Clock.MustLookBy(now);
        for (var cpu = 0; cpu < Smp.Count; cpu++)
        {
            if (!Smp.Online.Contains(cpu))
                continue;
            var deadline = Volatile.Read(ref Smp.Area(cpu)->AlarmDeadline);
            if (deadline <= now)
                due = new CpuSet(due.Bits | 1UL << cpu);
            else if (deadline < next)
                next = deadline;
        }
        if (next != long.MaxValue)
            Program(next, now);
        Give();
        Tell(due, fromUser);
    }

    private static void Tell(CpuSet due, bool fromUser)
    {
        var here = Cpu.Id;
        for (var cpu = due.Next(0); cpu >= 0; cpu = due.Next(cpu + 1))
        {
            if (cpu != here)
                LocalApic.Send(Smp.Area(cpu)->ApicId, Vectors.Timer);
        }
        if (due.Contains(here))
            Clock.TimerRang(fromUser);
    }

    // Farther than the device reaches: it rings on the way.
    private static void Program(long deadline, long now)
    {
        s_next = deadline;
        var longest = s_usesHpet ? Clock.LongestAlarm : Pit.Longest;
        var delay = deadline - now;
        delay = delay < 0 ? 0 : delay > longest ? longest : delay;
        var counts = (uint)(delay * (s_usesHpet ? Hpet.Frequency : Pit.Frequency) / 1_000_000_000) + 1;
        if (!s_usesHpet)
            Pit.Ring(counts);
        else if (!Hpet.Ring(counts < LeastCounts ? LeastCounts : counts))
            LocalApic.Send(Smp.Area(0)->ApicId, Vectors.Broadcast);
    }

    private static void Take()
    {
        while (Interlocked.CompareExchange(ref s_busy, 1, 0) != 0)
            Cpu.Relax();
    }

    private static void Give() => Volatile.Write(ref s_busy, 0);
}
