// What tests and experiments share: busy loops, waiting for a condition with a limit, threads on a CPU of choice.
// Context: process, unless a member says otherwise.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Helper
{
    public const long Microsecond = 1_000;
    public const long Millisecond = 1_000_000;
    public const long Second = 1_000_000_000;

    /// <summary>Keeps the CPU busy. Any context.</summary>
    public static void Spin(long nanoseconds)
    {
        var end = Clock.Now + nanoseconds;
        while (Clock.Now < end)
            Cpu.Relax();
    }

    /// <summary>Sleeps until the condition holds. False: it does not after that many nanoseconds.</summary>
    public static bool WaitFor(Func<bool> condition, long limit = 10 * Second)
    {
        var end = Clock.Now + limit;
        while (!condition())
        {
            if (Clock.Now >= end)
                return condition();
            Sleep.For(Millisecond, TaskState.Uninterruptible);
        }

        return true;
    }

    /// <summary>Spins until the condition holds, without giving the CPU away by itself. False: it does not within the limit.</summary>
    public static bool SpinFor(Func<bool> condition, long limit = 2 * Second)
    {
        var end = Clock.Now + limit;
        while (!condition())
        {
            if (Clock.Now >= end)
                return condition();
            Cpu.Relax();
        }

        return true;
    }

    /// <summary>The n-th of a sequence that fills 0 to <paramref name="range"/> evenly, however many are taken: the golden ratio's fractions.</summary>
    public static long Phase(long index, long range) => index * 618_034 % 1_000_000 * (range / 1000) / 1000;

    /// <summary>The running task goes to a CPU and stays there until <see cref="GoAnywhere"/>.</summary>
    public static void GoTo(int cpu)
    {
        Scheduler.SetAffinity(Task.Current, CpuSet.Of(cpu));
        while (Cpu.Id != cpu)
            Scheduler.Yield();
    }

    public static void GoAnywhere() => Scheduler.SetAffinity(Task.Current, CpuSet.FirstN(Cpu.Count));

    /// <summary>Starts a thread bound to a CPU; with a priority above zero it is a real-time one. It must end by itself.</summary>
    public static Task Start(ReadOnlySpan<byte> name, int cpu, int priority, Func<object?, int> run, object? argument = null)
    {
        var made = KernelThread.Create(name, run, argument);
        Invariant.That(made.IsOk, "a thread for a test");
        var thread = made.Value;
        Scheduler.Bind(thread, cpu);
        if (priority > 0)
            Scheduler.SetPolicy(thread, SchedulingPolicy.SCHED_FIFO, priority, 0, false);
        Scheduler.WakeUpNew(thread);
        return thread;
    }

    /// <summary>The CPU that tests take when they need another than <paramref name="cpu"/>; itself when there is none.</summary>
    public static int Other(int cpu) => (cpu + 1) % Scheduler.Online.Count;
}
