// Vectors tied to CPUs. Each vector has a mask; raised on a CPU outside, it is handed to one inside, with the number of the CPU whose work it
// is, and counts there. What was pending when the mask changed runs where it is. A vector whose work is its CPU's own (timer wheel, balancing)
// keeps all CPUs in its mask.
// No raise is lost and none runs for nothing twice: the raiser writes its origin, then the vector, and interrupts the CPU if it was the first
// to write that; the CPU takes the vectors, then the origins. A raiser that finds its vector written already has an interrupt under way that
// will find its origin too. Contexts: any, interrupts off; TakeHanded in hardirq. Locks: none.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

public static partial class Softirq
{
    private static long[] s_masks = null!; // by vector: bit n, CPU n may serve it

    /// <summary>The CPUs that serve a vector. Any context.</summary>
    public static CpuSet CpusOf(SoftirqVector vector) => new((ulong)Volatile.Read(ref s_masks[(int)vector]));

    /// <summary>True for a vector that may be tied to CPUs.</summary>
    public static bool IsMovable(SoftirqVector vector) => s_handlers[(int)vector] is null;

    /// <summary>Ties a vector to CPUs, from the next raise on. Any context.</summary>
    /// <returns>EINVAL: none of them exists, or the vector's work is its CPU's own and some CPU is missing.</returns>
    public static Errno SetCpus(SoftirqVector vector, CpuSet cpus)
    {
        cpus = cpus.And(CpuSet.FirstN(Cpu.Count));
        if (cpus.IsEmpty || (!IsMovable(vector) && cpus.Count != Cpu.Count))
            return Errno.EINVAL;
        Volatile.Write(ref s_masks[(int)vector], (long)cpus.Bits);
        return Errno.None;
    }

    /// <summary>Raises a vector for the work of any CPU: there, or where its mask says. Any context.</summary>
    public static void RaiseFor(int cpu, SoftirqVector vector)
    {
        var wereOn = Cpu.DisableInterrupts();
        if (cpu == Cpu.Id)
            RaiseIrqsOff(vector);
        else if (MayRunOn(vector, cpu) || !HandOver(vector, cpu))
            Hand(s_cpus[cpu], vector, cpu);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>An interrupt came that another CPU may have sent because it handed something over. Hardirq.</summary>
    internal static void TakeHanded()
    {
        var cpu = s_cpus[Cpu.Id];
        if (Volatile.Read(ref cpu.Handed) != 0)
            cpu.Pending |= (uint)Interlocked.Exchange(ref cpu.Handed, 0) << SoftirqCpu.HandedShift;
    }

    private static void InitAffinity()
    {
        s_masks = new long[(int)SoftirqVector.Count];
        for (var vector = 0; vector < s_masks.Length; vector++)
            AllowAllCpus((SoftirqVector)vector);
    }

    private static void AllowAllCpus(SoftirqVector vector) => s_masks[(int)vector] = (long)CpuSet.FirstN(Cpu.Count).Bits;

    private static bool MayRunOn(SoftirqVector vector, int cpu) => (Volatile.Read(ref s_masks[(int)vector]) >> cpu & 1) != 0;

    // To the next CPU of the mask in a circle, so that the work of many spreads. False: none of them runs.
    private static bool HandOver(SoftirqVector vector, int origin)
    {
        var cpus = CpusOf(vector).And(Scheduler.Online);
        var to = cpus.Next(origin + 1);
        if (to < 0)
            to = cpus.Next(0);
        if (to < 0)
            return false;
        if (to == Cpu.Id)
            KeepHere(s_cpus[to], vector, origin);
        else
            Hand(s_cpus[to], vector, origin);
        return true;
    }

    private static void Hand(SoftirqCpu to, SoftirqVector vector, int origin)
    {
        var bit = 1 << (int)vector;
        Interlocked.Or(ref to.Origins[(int)vector], 1L << origin);
        Cpu.Interleave();
        if ((Interlocked.Or(ref to.Handed, bit) & bit) == 0)
            Cpu.SendCall(to.Index);
    }

    // Another CPU's work that falls to this one, which raised it.
    private static void KeepHere(SoftirqCpu here, SoftirqVector vector, int origin)
    {
        Interlocked.Or(ref here.Origins[(int)vector], 1L << origin);
        here.Pending |= 1u << (int)vector + SoftirqCpu.HandedShift;
        if (!Preemption.InInterrupt)
            here.WakeDaemon();
    }

    private static void RunHanded(SoftirqCpu cpu, int vector)
    {
        var origins = new CpuSet((ulong)Interlocked.Exchange(ref cpu.Origins[vector], 0));
        for (var origin = origins.Next(0); origin >= 0; origin = origins.Next(origin + 1))
            RunOne(cpu, vector, origin);
    }
}
