// One grace period: for which CPUs it still waits, and how it sees that they have passed a quiet point.
// A CPU counts switches and quiet points under its run queue's lock, and what it counted is noted here under that lock: a count that has changed
// was changed after that, and the reader that came next on that CPU came after the lock's barrier, so it sees what was unlinked. A CPU that
// halts is in no reader; when an interrupt ends that, it says so before a full barrier, and what it reads then is as new.
// No CPU is disturbed but one that has not passed a quiet point in three looks, or where somebody is in a hurry.
// Context: the thread rcu_sched; TellStall in hardirq. Guard: all is the thread's, but the mask, which is also read by others.
// Linux: rcu_gp_init(), force_qs_rnp(), print_cpu_stall_info().
using System;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal sealed class GracePeriod
{
    /// <summary>Nanoseconds between two looks, and looks before a CPU is asked to give way.</summary>
    public const long UsualWait = 1_000_000, ShortWait = 50_000;

    public const int PatientLooks = 4;

    private readonly long[] _counts = new long[Cpu.Count];
    private long _waitsFor;

    public bool HasEnded => Volatile.Read(ref _waitsFor) == 0;

    /// <summary>Notes where every CPU stands. What was unlinked before is seen by every reader that begins after this.</summary>
    public void Begin()
    {
        Preemption.Disable(); // this CPU runs this thread, so it is in no reader
        var waitsFor = Scheduler.Online.Without(Cpu.Id);
        Preemption.Enable();
        for (var cpu = waitsFor.Next(0); cpu >= 0; cpu = waitsFor.Next(cpu + 1))
            _counts[cpu] = CountOf(cpu);
        Volatile.Write(ref _waitsFor, (long)waitsFor.Bits);
        Look();
    }

    /// <summary>Waits no more for CPUs that have passed a quiet point, or halt.</summary>
    public void Look()
    {
        var left = new CpuSet((ulong)_waitsFor);
        for (var cpu = left.Next(0); cpu >= 0; cpu = left.Next(cpu + 1))
        {
            if (CpuStatistics.Of(cpu).IsHalted || CountOf(cpu) != _counts[cpu])
                left = left.Without(cpu);
        }

        Volatile.Write(ref _waitsFor, LockFaults.Has(LockFault.RcuWaitsForNobody) ? 0 : (long)left.Bits);
    }

    /// <summary>Makes the CPUs that are left give way as soon as they can.</summary>
    public void Urge()
    {
        var left = new CpuSet((ulong)_waitsFor);
        for (var cpu = left.Next(0); cpu >= 0; cpu = left.Next(cpu + 1))
        {
            var queue = RunQueue.Of(cpu);
            var token = queue.Lock.AcquireUnguarded();
            Scheduler.Reschedule(queue);
            queue.Lock.Release(token);
        }
    }

    private static long CountOf(int cpu)
    {
        var queue = RunQueue.Of(cpu);
        using (queue.Lock.Acquire())
            return queue.Switches + queue.QuietPoints;
    }

    public void TellStall(long number, long callbacks)
    {
        var left = new CpuSet((ulong)Volatile.Read(ref _waitsFor));
        KernelLog.Write(LogLevel.Error, $"rcu: INFO: rcu_sched detected stalls on CPUs/tasks (detected by {Cpu.Id}, g={number}, q={callbacks})");
        for (var cpu = left.Next(0); cpu >= 0; cpu = left.Next(cpu + 1))
            LockupWatch.Tell(RunQueue.Of(cpu), "holds a grace period of RCU up"u8);
    }
}
