// Failures on demand: the nth request for a frame, an object or a kernel stack that a task makes from now on is refused, once. So
// tests take every way out of an operation that runs out of memory half-way, in the running kernel and on the simulated machine. There also
// each look for signals in turn, before a sleep and after it, finds one, and so every way out of an interrupted wait is taken.
// One task at a time. Contexts: any. Locks: none; the target is set before its count is looked at by that task alone.
// Linux: CONFIG_FAULT_INJECTION, /proc/PID/fail-nth.
using System.Threading;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Structures;

public static class FaultInjection
{
    private static Task? s_target;
    private static int s_left;
    private static Task? s_interrupted;
    private static int s_looksLeft;

    /// <summary>Boot: nothing fails.</summary>
    public static void Init()
    {
        s_target = null;
        s_left = 0;
        s_interrupted = null;
        s_looksLeft = 0;
    }

    /// <summary>Makes the <paramref name="nth"/> request of a task fail, counted from 1; 0: none. Ends what was asked for another task.</summary>
    public static void Arm(Task task, int nth)
    {
        s_target = null;
        Volatile.Write(ref s_left, nth);
        Volatile.Write(ref s_target, nth == 0 ? null : task);
    }

    /// <summary>How many requests of the task are still to come until one fails; 0: it has failed, or none was to.</summary>
    public static int LeftOf(Task task)
    {
        var left = Volatile.Read(ref s_left);
        return Volatile.Read(ref s_target) == task && left > 0 ? left : 0;
    }

    /// <summary>The task ends, or its object is used for another.</summary>
    public static void Forget(Task task) => Interlocked.CompareExchange(ref s_target, null, task);

    /// <summary>True when this request must fail.</summary>
    public static bool ShouldFail() => s_target is not null && IsNext();

    /// <summary>
    /// The <paramref name="nth"/> time that a task looks whether a signal ends its interruptible sleep there is one, counted from 1; 0: no more.
    /// On the simulated machine only.
    /// </summary>
    public static void Interrupt(Task task, int nth)
    {
        s_interrupted = nth == 0 ? null : task;
        s_looksLeft = nth;
    }

    /// <summary>The signal has come.</summary>
    public static bool HasInterrupted => s_looksLeft == 0;

    /// <summary>True when a signal must come before this look of the task.</summary>
    public static bool ShouldInterrupt(Task task) =>
        MachineTraits.ChecksLocks && task == s_interrupted && s_looksLeft > 0 && Interlocked.Decrement(ref s_looksLeft) == 0;

    private static bool IsNext() => Task.Current == s_target && s_left > 0 && Interlocked.Decrement(ref s_left) == 0;
}
