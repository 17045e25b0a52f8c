// Runs a function on other CPUs and waits until all have run it.
// Contexts: process, interrupts on (two CPUs that call each other with interrupts off would wait for ever), holding no lock that interrupts
// take. The function runs in hardirq context there. Lock: s_lock lets one call be under way at a time. Ordering: the call is written before
// the interrupt is sent, and a CPU clears its bit after it has run it. Linux: smp_call_function_many().
using System;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Irq;

public static class CrossCall
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.CrossCall;
    }

    private static SpinLock<Rank, PreemptionOff> s_lock;
    private static Action<object?>? s_function;
    private static object? s_argument;
    private static long s_waiting; // bit n: CPU n has not run the call yet

    internal static void Init()
    {
        s_lock = default;
        s_waiting = 0;
    }

    /// <summary>
    /// Runs <paramref name="function"/>, a static lambda, on every running CPU of <paramref name="cpus"/>, this one too if it is among them
    /// (then with interrupts off); returns when all are done.
    /// </summary>
    public static void Run(CpuSet cpus, Action<object?> function, object? argument = null)
    {
        Invariant.That(Cpu.InterruptsOn, "cross call with interrupts off");
        using (s_lock.Acquire())
        {
            var here = Cpu.Id;
            var others = cpus.And(Sched.Scheduler.Online).Without(here);
            s_function = function;
            s_argument = argument;
            Interlocked.Exchange(ref s_waiting, (long)others.Bits);
            for (var cpu = others.Next(0); cpu >= 0; cpu = others.Next(cpu + 1))
                Cpu.SendCall(cpu);
            if (cpus.Contains(here))
                RunLocally(function, argument);
            while (Volatile.Read(ref s_waiting) != 0)
                Cpu.Relax();
            s_argument = null;
        }
    }

    /// <summary>Runs the call that another CPU sent. Hardirq.</summary>
    internal static void RunHere()
    {
        var bit = 1L << Cpu.Id;
        if ((Volatile.Read(ref s_waiting) & bit) == 0)
            return;
        s_function!(s_argument);
        Interlocked.And(ref s_waiting, ~bit);
    }

    [HardirqContext]
    private static void RunLocally(Action<object?> function, object? argument)
    {
        var wereOn = Cpu.DisableInterrupts();
        function(argument);
        Cpu.RestoreInterrupts(wereOn);
    }
}
