// The word of a fair spin lock, without rank and policy. Free, it is taken by one compare-and-swap of the whole word and given back by one
// store of its low byte, as cheap as a plain flag. Who finds it taken joins a queue, whose tail is the upper half of the word, and spins on
// a line of its own; so the lock goes round in the order of arrival, and a release disturbs one waiter's cache and no other's.
// Nobody passes the queue: while it has a tail the word is not zero, so no swap from zero succeeds; the low byte is then set by the first
// waiter alone. None is forgotten: a waiter leaves by taking itself off the tail, or else somebody is behind it, whose link it waits for.
// Under a hypervisor nobody queues: the next in turn may be a CPU that the host does not run just then, and all behind it would wait for that.
// Contexts: any, preemption off. Nodes: one for each CPU and level (task, softirq, hardirq): a level waits for one lock at a time.
// Linux: queued_spin_lock(), struct mcs_spinlock, virt_spin_lock().
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

[StructLayout(LayoutKind.Explicit)]
internal struct QueuedSpin
{
    private const int Held = 1, TailShift = 16, HeldMask = 0xff;

    [FieldOffset(0)] private int _word;
    [FieldOffset(0)] private byte _held; // the word's low byte: the holder's, or the first waiter's

    /// <summary>Held, or just handed from one to the next.</summary>
    public readonly bool IsTaken => Volatile.Read(in _word) != 0;

    /// <summary>Somebody waits.</summary>
    public readonly bool IsContended => Volatile.Read(in _word) >> TailShift != 0;

    /// <summary>Takes it if it is free and nobody waits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake() => Interlocked.CompareExchange(ref _word, Held, 0) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Give()
    {
        if (LockFaults.Has(LockFault.SpinClearsQueue))
            Volatile.Write(ref _word, 0);
        Volatile.Write(ref _held, 0);
    }

    /// <summary>Takes it in turn.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Wait()
    {
        if (!SpinNodes.AreUsed)
        {
            WaitOutOfTurn();
            return;
        }

        var mine = SpinNodes.Here();
        ref var node = ref SpinNodes.Of(mine);
        node.Next = 0;
        Volatile.Write(ref node.IsFirst, 0);
        var before = Join(mine);
        if (before != 0)
        {
            Cpu.Interleave(); // in the queue, and not linked yet
            Volatile.Write(ref SpinNodes.Of(before).Next, mine);
            while (Volatile.Read(ref node.IsFirst) == 0)
                Cpu.Relax();
        }

        while ((Volatile.Read(ref _word) & HeldMask) != 0)
            Cpu.Relax();
        Cpu.Interleave();
        var alone = mine << TailShift;
        if (Interlocked.CompareExchange(ref _word, Held, alone) != alone)
            TakeBeforeNext(ref node);
    }

    private void WaitOutOfTurn()
    {
        do
        {
            while (Volatile.Read(ref _word) != 0)
                Cpu.Relax();
        }
        while (!TryTake());
    }

    private int Join(int mine)
    {
        while (true)
        {
            var word = Volatile.Read(ref _word);
            if (Interlocked.CompareExchange(ref _word, (word & HeldMask) | mine << TailShift, word) == word)
                return word >> TailShift;
        }
    }

    private void TakeBeforeNext(ref SpinNode node)
    {
        Volatile.Write(ref _held, Held);
        if (LockFaults.Has(LockFault.SpinForgetsNext))
            return;
        int next;
        while ((next = Volatile.Read(ref node.Next)) == 0)
            Cpu.Relax();
        Volatile.Write(ref SpinNodes.Of(next).IsFirst, 1);
    }

    /// <summary>Spins until it was free for a moment. Linux: spin_unlock_wait().</summary>
    public readonly void WaitUntilFree()
    {
        while ((Volatile.Read(in _word) & HeldMask) != 0)
            Cpu.Relax();
    }
}

/// <summary>One waiter. A cache line of its own.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct SpinNode
{
    /// <summary>Number of the node behind this one, zero: none yet. Written by the waiter behind.</summary>
    public int Next;

    /// <summary>Nobody is before this one any more. Written by the waiter before.</summary>
    public int IsFirst;
}

internal static class SpinNodes
{
    private const int Levels = 4;

    [InlineArray(Cpu.Max * Levels + 1)]
    private struct Table
    {
        private SpinNode _first;
    }

    private static Table s_nodes;

    /// <summary>Waiters queue. Start-up, before there is anybody to wait for.</summary>
    public static bool AreUsed { get; private set; } = true;

    /// <summary>Boot, on the first CPU alone.</summary>
    public static void Init(bool areUsed) => AreUsed = areUsed;

    /// <summary>Number of the node of this CPU and level, from one.</summary>
    public static int Here()
    {
        var count = Preemption.Count;
        var level = (count & Preemption.HardirqMask) != 0 ? 2 : (count & Preemption.SoftirqOne) != 0 ? 1 : 0;
        return Cpu.Id * Levels + level + 1;
    }

    public static ref SpinNode Of(int number) => ref s_nodes[number];
}
