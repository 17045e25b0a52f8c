// Body of the object heap: the core library's heap, grown with runs of frames from the kernel before they are needed.
using Internal.Runtime;

namespace Jiffy.Machine;

public static unsafe partial class ObjectHeap
{
    /// <summary>What the kernel's tables take whatever the memory's size, and for each frame of memory.</summary>
    private const long BootBytes = 2 << 20, BootBytesPerFrame = 20;

    /// <summary>A second region for the tables that the kernel makes before its frame allocator works. Start-up, once.</summary>
    internal static void AddBootRegion()
    {
        var frames = (int)((BootBytes + Frames.Limit * BootBytesPerFrame) >> Frames.Shift);
        Heap.AddRegion((byte*)AddressSpace.Direct(MemoryMap.Take(frames)), (ulong)frames << Frames.Shift);
    }

    private const int GrowthOrder = 6, HighestOrder = 10;

    public static partial bool TryReserve(int bytes)
    {
        while (!Heap.TryReserve((ulong)bytes))
        {
            if (!TryGrow(bytes))
                return false;
        }
        return true;
    }

    public static partial long Used => Heap.Used;

    // Room for a region's head and the heap's reserve for CPUs that allocate at the same time is part of the growth.
    private static bool TryGrow(int bytes)
    {
        var order = GrowthOrder;
        while ((Frames.Size << order) < bytes + Frames.Size * 16L)
            order++;
        if (order > HighestOrder || !KernelEntry.Instance.TryTakeHeapFrames(order, out var first))
            return false;
        Heap.AddRegion((byte*)Frames.Address(first), (ulong)Frames.Size << order);
        return true;
    }
}
