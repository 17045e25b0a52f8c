// Checks the order of locks: each task remembers the ranks it holds, and may only take higher ones. On where the machine says so
// (always in the simulator); elsewhere the calls vanish. A violation is a kernel fault at the place of the second lock, even when
// no other CPU was near: a dead-lock is found by taking the locks in the wrong order once, not by meeting somebody.
// Contexts: any. Locks: none; a task's list is changed by itself and by interrupts nested on it. Linux: lockdep.
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public static class LockChecks
{
    /// <summary>The offending pair, for the fault report: what was held, what was wanted.</summary>
    public static LockRank Held { get; private set; }
    public static LockRank Wanted { get; private set; }

    /// <summary>A lock of <paramref name="rank"/> is about to be taken.</summary>
    public static void Taking(LockRank rank)
    {
        if (MachineTraits.ChecksLocks)
            Push(rank, nested: false);
    }

    /// <summary>A second lock of a rank already held is about to be taken, in that rank's stated order.</summary>
    public static void TakingNested(LockRank rank)
    {
        if (MachineTraits.ChecksLocks)
            Push(rank, nested: true);
    }

    public static void Releasing(LockRank rank)
    {
        if (MachineTraits.ChecksLocks)
            Pop(rank);
    }

    /// <summary>The lock of <paramref name="rank"/> that <paramref name="from"/> holds will be released by <paramref name="to"/> (a context switch).</summary>
    public static void HandOver(Task from, Task to, LockRank rank)
    {
        if (!MachineTraits.ChecksLocks)
            return;
        Remove(from, rank);
        Append(to, rank);
    }

    /// <summary>A task must hold nothing when it sleeps in user mode's name, ends, or returns to user mode.</summary>
    public static void HoldingNothing(Task task)
    {
        if (MachineTraits.ChecksLocks && task.HeldCount != 0)
            Invariant.Fail("a lock is still held");
    }

    private static void Push(LockRank rank, bool nested)
    {
        if (Cpu.Current is not Task task || task.SkipsLockChecks)
            return;
        var highest = Highest(task);
        if (nested ? (int)rank < highest : (int)rank <= highest)
        {
            Held = (LockRank)highest;
            Wanted = rank;
            Invariant.Fail("locks taken in the wrong order");
        }

        Append(task, rank);
    }

    private static void Pop(LockRank rank)
    {
        if (Cpu.Current is Task { SkipsLockChecks: false } task)
            Remove(task, rank);
    }

    private static int Highest(Task task)
    {
        var highest = 0;
        for (var i = 0; i < task.HeldCount; i++)
        {
            if (task.HeldRanks[i] > highest)
                highest = task.HeldRanks[i];
        }

        return highest;
    }

    private static void Append(Task task, LockRank rank)
    {
        if (task.HeldCount >= Tasks.HeldRanks.Depth)
            Invariant.Fail("too many locks held");
        task.HeldRanks[task.HeldCount++] = (short)rank;
    }

    // The last of that rank goes: locks need not be released in the opposite order.
    private static void Remove(Task task, LockRank rank)
    {
        for (var i = task.HeldCount - 1; i >= 0; i--)
        {
            if (task.HeldRanks[i] != (short)rank)
                continue;
            for (var j = i + 1; j < task.HeldCount; j++)
                task.HeldRanks[j - 1] = task.HeldRanks[j];
            task.HeldCount--;
            return;
        }

        Invariant.Fail("released a lock that was not held");
    }
}
