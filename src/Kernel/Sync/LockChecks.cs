// Checks locks where they are taken: each task remembers those it holds. The order, by rank: only higher ones may be taken. And the context: a
// lock that an interrupt takes must nowhere be held with interrupts on, one that a softirq takes nowhere with softirqs on, and no sleeping lock
// is taken in either. On where the machine says so (always in the simulator) or with the boot word lock_checks=1; with lock_checks=2 the
// place where each lock was taken is kept too, and a report shows it. A violation is a kernel fault at the place of the second lock, even when
// no other CPU was near: a dead-lock is found by taking the locks in the wrong order once, not by meeting somebody.
// The same hooks count for /proc/lock_stat (LockStatistics). With all of it off they are one test of a flag.
// Contexts: any. Locks: none; a task's list is changed by itself and by interrupts nested on it. Linux: lockdep.
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public static partial class LockChecks
{
    private const int Checking = 1, Placing = 2, Counting = 4;

    private static int s_mode;

    // Lists begun before the mode changed are not believed: what was taken or given back meanwhile is not in them.
    private static int s_epoch;

    private static bool IsOn
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MachineTraits.ChecksLocks || s_mode != 0;
    }

    private static bool Checks => MachineTraits.ChecksLocks || (s_mode & Checking) != 0;

    /// <summary>Where a lock is taken is kept.</summary>
    internal static bool KeepsPlaces => MachineTraits.KeepsPlaces || (s_mode & Placing) != 0;

    internal static bool Counts => (s_mode & Counting) != 0;

    /// <summary>Forgets what was seen. <paramref name="level"/>: 0 as the machine says; 1 order and context; 2 places too. Boot, before locks are taken.</summary>
    public static void Init(int level)
    {
        s_mode = level switch { <= 0 => 0, 1 => Checking, _ => Checking | Placing };
        s_epoch = 0;
        InitUses();
        LockStatistics.Init();
    }

    /// <summary>Counting goes on or off. Process context.</summary>
    internal static void SetCounting(bool isOn)
    {
        if (isOn == Counts)
            return;
        Interlocked.Increment(ref s_epoch);
        Volatile.Write(ref s_mode, isOn ? s_mode | Counting : s_mode & ~Counting);
    }

    /// <summary>A lock of <paramref name="rank"/> is about to be taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Taking(LockRank rank, LockUse use = LockUse.Sleeping)
    {
        if (IsOn)
            Push(rank, use);
    }

    /// <summary>A second lock of a rank already held is about to be taken, in that rank's stated order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TakingNested(LockRank rank, LockUse use = LockUse.Sleeping)
    {
        if (IsOn)
            Push(rank, use | LockUse.Nested);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Releasing(LockRank rank)
    {
        if (IsOn)
            Pop(rank, wasHeld: true);
    }

    /// <summary>The lock was not taken after all.</summary>
    public static void Abandoned(LockRank rank)
    {
        if (IsOn)
            Pop(rank, wasHeld: false);
    }

    /// <summary>The lock of <paramref name="rank"/> that <paramref name="from"/> holds will be released by <paramref name="to"/> (a context switch).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void HandOver(Task from, Task to, LockRank rank)
    {
        if (IsOn && TryRemove(from, rank, out var held))
            Append(to, held);
    }

    /// <summary>A task must hold nothing when it sleeps in user mode's name, ends, or returns to user mode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void HoldingNothing(Task task)
    {
        if (MachineTraits.ChecksLocks && task.HeldCount != 0)
            Invariant.Fail("a lock is still held");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Push(LockRank rank, LockUse use)
    {
        if (Cpu.Current is not Task task || task.SkipsLockChecks)
            return;
        Renew(task);
        if (Checks)
        {
            CheckOrder(task, rank, use);
            CheckContext(rank, use);
        }

        Append(task, new HeldLock { Rank = (short)rank, Use = (byte)use, Since = Counts ? Clock.Now : 0 });
        if (KeepsPlaces)
            task.HeldPlaces?.Note(task.HeldCount - 1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Pop(LockRank rank, bool wasHeld)
    {
        if (Cpu.Current is not Task { SkipsLockChecks: false } task)
            return;
        Renew(task);
        if (TryRemove(task, rank, out var held) && wasHeld && held.Since != 0)
            LockStatistics.Held(rank, (LockUse)held.Use, Clock.Now - held.Since);
    }

    /// <summary>It waited for the lock it is taking, and has it now: what is held since counts from here.</summary>
    internal static void HasWaited(LockRank rank)
    {
        if (Cpu.Current is not Task { SkipsLockChecks: false } task)
            return;
        for (var i = task.HeldCount - 1; i >= 0; i--)
        {
            if (task.HeldLocks[i].Rank != (short)rank)
                continue;
            task.HeldLocks[i].Since = Clock.Now;
            return;
        }
    }

    private static void Renew(Task task)
    {
        if (task.HeldEpoch == s_epoch)
            return;
        task.HeldEpoch = s_epoch;
        if (!Checks)
            task.HeldCount = 0;
    }

    private static void Append(Task task, HeldLock held)
    {
        if (task.HeldCount < HeldLocks.Depth)
            task.HeldLocks[task.HeldCount++] = held;
        else if (Checks)
            Invariant.Fail("too many locks held");
    }

    // The last of that rank goes: locks need not be released in the opposite order.
    private static bool TryRemove(Task task, LockRank rank, out HeldLock held)
    {
        for (var i = task.HeldCount - 1; i >= 0; i--)
        {
            if (task.HeldLocks[i].Rank != (short)rank)
                continue;
            held = task.HeldLocks[i];
            for (var j = i + 1; j < task.HeldCount; j++)
                task.HeldLocks[j - 1] = task.HeldLocks[j];
            task.HeldPlaces?.Forget(i, task.HeldCount);
            task.HeldCount--;
            return true;
        }

        held = default;
        if (Checks)
            Invariant.Fail("released a lock that was not held");
        return false;
    }
}
