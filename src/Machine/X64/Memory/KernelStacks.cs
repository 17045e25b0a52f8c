// Kernel stacks: each has a slot of twice its size in the stack area, aligned to that; the lower half is never mapped, so an
// overflow faults. A stack that is given back keeps its frames and mapping and waits on a free list, whose links are in
// the stacks themselves. Nothing is ever unmapped, so no other CPU's translations need flushing.
// Contexts: process. Locks: own, interrupts off, held for a few instructions; mapping a new stack happens outside it.
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe class KernelStacks
{
    internal const ulong SlotBytes = 2 * TaskContext.StackBytes, GuardBytes = SlotBytes - TaskContext.StackBytes;

    private static int s_held;
    private static ContextBlock* s_free;      // guarded by s_held
    private static ulong s_next = AddressSpace.Stacks;
    private static int s_mapping;             // guards the tables of the area

    /// <summary>Frames of all stacks ever made, none of which is unmapped, and of their tables; a snapshot.</summary>
    internal static long Frames
    {
        get
        {
            var stacks = (long)((Volatile.Read(ref s_next) - AddressSpace.Stacks) / SlotBytes);
            return stacks * (TaskContext.StackBytes / AddressSpace.PageBytes) + TablesFor(stacks, AddressSpace.LargePage) + TablesFor(stacks, AddressSpace.GiantPage);
        }
    }

    private static long TablesFor(long stacks, ulong bytesOfTable) => (long)(((ulong)stacks * SlotBytes + bytesOfTable - 1) / bytesOfTable);

    /// <summary>A stack's block, its contents undefined; null when memory is exhausted.</summary>
    internal static ContextBlock* TryTake()
    {
        var wereOn = Acquire(ref s_held);
        var block = s_free;
        if (block != null)
            s_free = (ContextBlock*)block->StackPointer;
        Release(ref s_held, wereOn);
        return block != null ? block : TryMakeNew();
    }

    /// <summary>True when the address lies below the stack, where nothing is mapped.</summary>
    internal static bool IsOverflow(ContextBlock* block, ulong address)
    {
        var bottom = (ulong)block + ContextBlock.Bytes - TaskContext.StackBytes;
        return address < bottom && address >= bottom - GuardBytes;
    }

    internal static void Give(ContextBlock* block)
    {
        var wereOn = Acquire(ref s_held);
        block->StackPointer = (ulong)s_free;
        s_free = block;
        Release(ref s_held, wereOn);
    }

    private static ContextBlock* TryMakeNew()
    {
        var frames = stackalloc ulong[TaskContext.StackBytes / AddressSpace.PageBytes];
        if (!TryTakeFrames(frames, TaskContext.StackBytes / AddressSpace.PageBytes))
            return null;
        var wereOn = Acquire(ref s_mapping);
        var block = TryMap(frames);
        Release(ref s_mapping, wereOn);
        if (block == null)
            GiveFrames(frames, TaskContext.StackBytes / AddressSpace.PageBytes);
        return block;
    }

    private static ContextBlock* TryMap(ulong* frames)
    {
        if (s_next >= AddressSpace.StacksEnd)
            return null;
        var bottom = s_next + GuardBytes;
        for (var i = 0; i < TaskContext.StackBytes / AddressSpace.PageBytes; i++)
        {
            // The tables of a slot that could not be mapped whole stay; the next attempt overwrites its entries.
            if (!KernelPages.TryMapPage(bottom + (ulong)(i * AddressSpace.PageBytes), frames[i]))
                return null;
        }
        s_next += SlotBytes;
        return ContextBlock.OfStack(bottom);
    }

    private static bool TryTakeFrames(ulong* frames, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (TableFrames.TryTake(out frames[i]))
                continue;
            GiveFrames(frames, i);
            return false;
        }
        return true;
    }

    private static void GiveFrames(ulong* frames, int count)
    {
        for (var i = 0; i < count; i++)
            KernelEntry.Instance.GiveFrame(new FrameNumber((uint)(frames[i] >> Machine.Frames.Shift)));
    }

    private static bool Acquire(ref int held)
    {
        var wereOn = Instructions.DisableInterrupts();
        while (Interlocked.CompareExchange(ref held, 1, 0) != 0)
            Cpu.Relax();
        return wereOn;
    }

    private static void Release(ref int held, bool wereOn)
    {
        Volatile.Write(ref held, 0);
        Cpu.RestoreInterrupts(wereOn);
    }
}
