// One CPU's softirqs. Guards: Pending, Counts and Daemon are touched by that CPU only, with interrupts off (Counts read by anyone as a hint);
// Handed and Origins are written by all, atomically.
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Deferred;

internal sealed class SoftirqCpu
{
    /// <summary>Bit v: vector v was raised here. Bit v + this: it was handed over by other CPUs, which <see cref="Origins"/> names.</summary>
    internal const int HandedShift = 16;

    internal uint Pending;
    internal readonly long[] Counts = new long[(int)SoftirqVector.Count];
    internal Task? Daemon;

    /// <summary>Vectors handed over that this CPU has not noticed yet. An interrupt is under way to it while this is not zero.</summary>
    internal int Handed;

    /// <summary>By vector: bit n, work of CPU n is handed over.</summary>
    internal readonly long[] Origins = new long[(int)SoftirqVector.Count];

    internal SoftirqCpu(int index) => Index = index;

    internal int Index { get; }

    internal bool IsPending(SoftirqVector vector) =>
        ((Volatile.Read(ref Pending) | Volatile.Read(ref Pending) >> HandedShift | (uint)Volatile.Read(ref Handed)) & 1u << (int)vector) != 0;

    internal void WakeDaemon()
    {
        if (Daemon is { } daemon)
            Scheduler.TryToWakeUp(daemon, TaskState.Normal);
    }
}
