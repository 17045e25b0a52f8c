// Tells of CPUs that are stuck in the kernel. Soft: the CPU takes interrupts, but preemption stays off, so no other task gets it; its own
// tick notices. Hard: interrupts stay off; the tick of the busy CPU before it notices that it has no ticks. Each is told once, as warnings.
// Patience is counted in ticks that came, not by the clock: a machine whose CPUs are not run by its host is not stuck.
// Contexts: Tick in hardirq; TellAll in any. Guards: a CPU's watch is its own, but for Ticks, which its fellow reads. Linux: kernel/watchdog.c.
using System;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

internal static class LockupWatch
{
    /// <summary>Seconds of patience unless the command line says otherwise.</summary>
    public const int UsualSeconds = 10;

    private const int TicksPerSecond = (int)(1_000_000_000 / CpuTime.TickLength);

    private static CpuWatch[] s_watches = null!;
    private static int s_patience;

    private sealed class CpuWatch
    {
        public int Ticks;
        public int StuckFor;       // ticks that all found preemption off
        public bool HasAsked;      // the CPU was asked to reschedule, which it does as soon as preemption is on
        public int SeenCpu, SeenTicks, StillFor; // a fellow, its ticks, and for how many of this CPU's they have stood
    }

    /// <summary>Seconds a CPU may be stuck before it is told; zero: the watch is off. Boot.</summary>
    public static void Init(int seconds)
    {
        s_watches = new CpuWatch[Cpu.Count];
        for (var cpu = 0; cpu < s_watches.Length; cpu++)
            s_watches[cpu] = new CpuWatch();
        s_patience = seconds > 3600 ? 0 : seconds * TicksPerSecond;
    }

    /// <summary>A tick came on this CPU. Hardirq; the run queue is not locked.</summary>
    public static void Tick(RunQueue queue, Task current, bool fromUser)
    {
        if (s_patience == 0)
            return;
        var watch = s_watches[queue.Index];
        Volatile.Write(ref watch.Ticks, watch.Ticks + 1);
        LookHere(queue, watch, current, fromUser);
        LookAt(NextBusy(queue.Index), watch);
    }

    // The next CPU in a circle that has a task; an idle one has no ticks, and watches nobody. This CPU itself when there is no other.
    private static RunQueue NextBusy(int here)
    {
        var next = FirstBusy(here + 1, Cpu.Max);
        if (next < 0)
            next = FirstBusy(0, here);
        return RunQueue.Of(next < 0 ? here : next);
    }

    private static int FirstBusy(int from, int end)
    {
        var online = Scheduler.Online;
        for (var cpu = online.Next(from); cpu >= 0 && cpu < end; cpu = online.Next(cpu + 1))
        {
            if (RunQueue.Of(cpu).Running != RunQueue.Of(cpu).Idle)
                return cpu;
        }

        return -1;
    }

    // Being found with preemption off many times does not mean that it was never on: halfway the CPU is asked to reschedule.
    private static void LookHere(RunQueue queue, CpuWatch watch, Task current, bool fromUser)
    {
        var hasMoved = watch.HasAsked && !WorkFlag.IsSet(current, WorkFlag.NeedReschedule);
        if (fromUser || current == queue.Idle || current.PreemptCount == Preemption.HardirqOne || hasMoved)
        {
            watch.StuckFor = 0;
            watch.HasAsked = false;
            return;
        }

        watch.StuckFor++;
        if (watch.StuckFor == s_patience / 2)
        {
            watch.HasAsked = true;
            queue.Lock.AcquireUnguarded();
            Scheduler.Reschedule(queue);
            queue.Lock.Release(false);
        }
        else if (watch.StuckFor == s_patience)
        {
            Tell(queue, "soft lock-up: preemption stays off"u8);
        }
    }

    private static void LookAt(RunQueue fellow, CpuWatch watch)
    {
        var ticks = Volatile.Read(ref s_watches[fellow.Index].Ticks);
        if (ticks != watch.SeenTicks || fellow.Index != watch.SeenCpu)
        {
            watch.SeenCpu = fellow.Index;
            watch.SeenTicks = ticks;
            watch.StillFor = 0;
        }
        else if (++watch.StillFor == s_patience)
        {
            Tell(fellow, "hard lock-up: interrupts stay off"u8);
        }
    }

    /// <summary>Writes to the log what every CPU does. Any context.</summary>
    public static void TellAll()
    {
        for (var cpu = Scheduler.Online.Next(0); cpu >= 0; cpu = Scheduler.Online.Next(cpu + 1))
            Tell(RunQueue.Of(cpu), "asked what it does"u8);
    }

    // The stack first: while a CPU stands still to be looked at, nothing may be waited for that it may hold.
    internal static void Tell(RunQueue queue, ReadOnlySpan<byte> what)
    {
        Span<ulong> addresses = stackalloc ulong[FaultReport.MaxDepth];
        var count = queue.Index != Cpu.Id ? Backtrace.WalkCpu(queue.Index, addresses)
            : Preemption.InHardirq ? Backtrace.WalkInterrupted(addresses)
            : Backtrace.WalkHere(addresses);
        var wereOn = Cpu.DisableInterrupts();
        if (FaultReport.TryBeginNotice())
        {
            Write(queue, what, addresses.Slice(0, count));
            FaultReport.EndNotice();
        }

        Cpu.RestoreInterrupts(wereOn);
    }

    private static void Write(RunQueue queue, ReadOnlySpan<byte> what, ReadOnlySpan<ulong> stack)
    {
        var task = queue.Running;
        KernelLog.Write(LogLevel.Warning, $"CPU {queue.Index} {what}; task {task.Name} (pid {task.Id}), preempt count {task.PreemptCount:x}");
        if (stack.Length == 0)
            KernelLog.Write(LogLevel.Warning, "in user mode"u8);
        else
            FaultReport.PrintStack(stack, LogLevel.Warning);
    }
}
