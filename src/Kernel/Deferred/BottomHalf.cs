// Bottom halves as Linux had them until 2.5: 32 numbered functions, of which at most one runs at a time on the whole machine, whatever the CPU.
// Marked by a top half, one runs at the next reconciliation point: the end of the outermost interrupt, the scheduler, the way out of a system call.
// As in 2.4 they rest on the present machinery: each is a tasklet of high priority, called under one lock.
// The reconciliation points cost no test of their own: where a task marks, it sets the work flag that the way out of system calls looks at
// anyway; the end of interrupts looks at pending softirqs anyway. Slots are public: 0 to 31; those named here are the kernel's.
// Contexts: Mark in any; functions in softirq context. Lock: s_global. Linux 2.4: init_bh(), mark_bh(), bh_action(), do_bottom_half().
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

/// <summary>A bottom half's work: softirq context, interrupts on, no other bottom half runs; must not sleep.</summary>
public delegate void BottomHalfRoutine();

public static class BottomHalf
{
    public const int Slots = 32;

    /// <summary>The coarse timers that are due. Linux: TIMER_BH.</summary>
    public const int Timer = 0;

    /// <summary>Runs <see cref="TaskQueue.Timer"/>. Linux: TQUEUE_BH.</summary>
    public const int TaskQueueSlot = 1;

    /// <summary>Runs <see cref="TaskQueue.Immediate"/>. Linux: IMMEDIATE_BH.</summary>
    public const int Immediate = 9;

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.BottomHalf;
    }

    private static SpinLock<Rank, PreemptionOff> s_global; // lets one bottom half run at a time
    private static Tasklet[] s_tasklets = null!;
    private static BottomHalfRoutine?[] s_routines = null!;

    internal static void Init()
    {
        s_global = default;
        s_routines = new BottomHalfRoutine?[Slots];
        s_tasklets = new Tasklet[Slots];
        for (var slot = 0; slot < Slots; slot++)
            s_tasklets[slot] = new Tasklet(static tasklet => RunSlot((SlotNumber)tasklet.Data!), new SlotNumber(slot));
        Register(TaskQueueSlot, static () => TaskQueue.Timer.Run());
        Register(Immediate, static () => TaskQueue.Immediate.Run());
    }

    /// <summary>Sets a slot's function, a static lambda. Linux: init_bh().</summary>
    public static void Register(int slot, [SoftirqContext] BottomHalfRoutine routine) => s_routines[slot] = routine;

    /// <summary>Takes the function away and waits for its end. Process context; may sleep. Linux: remove_bh().</summary>
    public static void Remove(int slot)
    {
        s_tasklets[slot].Kill();
        s_routines[slot] = null;
    }

    /// <summary>Has a slot's function called at the next reconciliation point, once however often it is marked before. Any context. Linux: mark_bh().</summary>
    public static void Mark(int slot)
    {
        s_tasklets[slot].ScheduleHighQuietly();
        if (!Preemption.InInterrupt)
            WorkFlag.Set(Cpu.Current, WorkFlag.BottomHalf);
    }

    /// <summary>
    /// The reconciliation point of the scheduler and of the way out of system calls: runs what is pending, then <see cref="TaskQueue.Scheduler"/>. Process
    /// context, interrupts on; the state of the caller is as it was. Linux: do_bottom_half().
    /// </summary>
    public static void Reconcile()
    {
        WorkFlag.Clear(Cpu.Current, WorkFlag.BottomHalf);
        Cpu.Interleave();
        Softirq.RunPending();
        if (!TaskQueue.Scheduler.IsActive)
            return;
        Softirq.Disable();
        TaskQueue.Scheduler.Run();
        Softirq.Enable();
    }

    /// <summary>A timer interrupt came. Hardirq.</summary>
    internal static void Tick()
    {
        if (TaskQueue.Timer.IsActive)
            Mark(TaskQueueSlot);
    }

    private static void RunSlot(SlotNumber slot)
    {
        using (s_global.Acquire())
            s_routines[slot.Value]?.Invoke();
    }

    private sealed class SlotNumber
    {
        internal readonly int Value;

        internal SlotNumber(int value) => Value = value;
    }
}
