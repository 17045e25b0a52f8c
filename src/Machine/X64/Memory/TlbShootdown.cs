// Makes other CPUs forget translations. One request at a time: the range is published, each CPU asked has its bit in
// s_waiting, is sent an interrupt, flushes and clears its bit; the requester waits until none is left.
// Contexts: any but hardirq. The requester keeps interrupts off, so it is not preempted while others wait for the lock, and
// answers other requests itself while it spins; so does every spinning CPU, in Cpu.Relax. Hence no two CPUs can wait for
// each other here.
// Ordering: the range is written before the bit (locked instruction), and read by the target after it saw its bit.
// Linux: flush_tlb_mm_range(), smp_call_function_many().
using System.Threading;

namespace Jiffy.Machine;

internal static class TlbShootdown
{
    // Above this many pages everything of user mode's is forgotten instead; for pages of the kernel's, which are global, simply everything.
    private const ulong MostPages = 32;

    private static int s_held;
    private static long s_waiting;         // bit n: CPU n has not flushed yet
    private static ulong s_start, s_end;   // guarded by s_held; read by CPUs in s_waiting

    internal static void Flush(CpuSet cpus, ulong start, ulong end)
    {
        var wereOn = Instructions.DisableInterrupts();
        FlushHere(start, end);
        var others = cpus.Without(Cpu.Id).And(Smp.Online);
        if (!others.IsEmpty)
            FlushOthers(others, start, end);
        Cpu.RestoreInterrupts(wereOn);
    }

    private static void FlushOthers(CpuSet others, ulong start, ulong end)
    {
        while (Interlocked.CompareExchange(ref s_held, 1, 0) != 0)
            Cpu.Relax();
        s_start = start;
        s_end = end;
        Interlocked.Exchange(ref s_waiting, (long)others.Bits);
        for (var cpu = others.Next(0); cpu >= 0; cpu = others.Next(cpu + 1))
            Smp.SendShootdown(cpu);
        while (Volatile.Read(ref s_waiting) != 0)
            Instructions.Pause();
        Volatile.Write(ref s_held, 0);
    }

    /// <summary>Answers a request to this CPU if there is one. Any context.</summary>
    internal static void Poll()
    {
        if (Volatile.Read(ref s_waiting) != 0)
            Answer();
    }

    /// <summary>The interrupt. Also from <see cref="Poll"/>: whoever is second finds the bit clear.</summary>
    internal static void Answer()
    {
        var wereOn = Instructions.DisableInterrupts();
        var mine = 1L << Cpu.Id;
        if ((Volatile.Read(ref s_waiting) & mine) != 0)
        {
            FlushHere(s_start, s_end);
            Interlocked.And(ref s_waiting, ~mine);
        }
        Cpu.RestoreInterrupts(wereOn);
    }

    private static void FlushHere(ulong start, ulong end)
    {
        if (end - start > MostPages * AddressSpace.PageBytes)
        {
            if (start < UserMemory.Limit)
                Instructions.WriteCr3(Instructions.ReadCr3()); // kernel mappings are global and stay
            else
                FlushGlobalHere();
            return;
        }
        for (var address = start; address < end; address += AddressSpace.PageBytes)
            Instructions.InvalidatePage(address);
    }

    // A change of the bit that switches global pages on forgets all translations. Interrupts off.
    private static void FlushGlobalHere()
    {
        var controls = Instructions.ReadCr4();
        Instructions.WriteCr4(controls & ~ControlBits.GlobalPages);
        Instructions.WriteCr4(controls);
    }
}
