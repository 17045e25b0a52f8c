// The buddy allocator: what it hands out never overlaps, what comes back joins again, and exhaustion is an answer.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Memory;

public sealed class FrameAllocatorTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Blocks_are_aligned_never_overlap_and_join_again(int seed)
    {
        using var machine = new SimMachine(new SimOptions { MemoryBytes = 9 << 20 });
        FrameAllocator.Init();
        var total = FrameAllocator.FreeFrames;
        var blocks = BlocksPerOrder();
        var random = new Random(seed);
        var held = new List<(FrameNumber First, int Order)>();
        var owned = new HashSet<uint>();
        for (var step = 0; step < 4000; step++)
        {
            if (held.Count == 0 || random.Next(100) < 52)
                Take(random.Next(3) == 0 ? random.Next(FrameAllocator.MaxOrder + 1) : 0, held, owned);
            else
                Give(random.Next(held.Count), held, owned);
            Assert.Equal(total - owned.Count, FrameAllocator.FreeFrames);
        }

        while (held.Count > 0)
            Give(held.Count - 1, held, owned);
        Assert.Equal(total, FrameAllocator.FreeFrames);
        Assert.Equal(blocks, BlocksPerOrder());
    }

    [Fact]
    public void User_pages_leave_a_reserve_to_the_kernel()
    {
        using var machine = new SimMachine();
        FrameAllocator.Init();
        while (FrameAllocator.TryTakeUser(out _))
        {
        }

        Assert.Equal(FrameAllocator.ReserveFrames, FrameAllocator.FreeFrames);
        Assert.True(FrameAllocator.ReserveFrames > 0);
        for (var left = FrameAllocator.ReserveFrames; left > 0; left--)
            Assert.True(FrameAllocator.TryTake(out _));
        Assert.False(FrameAllocator.TryTake(out _));
        Assert.False(FrameAllocator.TryTake(3, out _));
    }

    [Fact]
    public void A_frame_given_back_twice_is_a_kernel_fault()
    {
        using var machine = new SimMachine();
        FrameAllocator.Init();
        Assert.True(FrameAllocator.TryTake(out var frame));
        FrameAllocator.Give(frame);
        Assert.ThrowsAny<Exception>(() => FrameAllocator.Give(frame));
    }

    [Fact]
    public void The_last_reference_gives_a_frame_back()
    {
        using var machine = new SimMachine();
        FrameAllocator.Init();
        var free = FrameAllocator.FreeFrames;
        Assert.True(FrameAllocator.TryTakeClear(out var frame));
        FrameTable.Share(frame);
        FrameTable.Share(frame);
        Assert.Equal(3, FrameTable.References(frame));
        FrameTable.Drop(frame);
        FrameTable.Drop(frame);
        Assert.Equal(free - 1, FrameAllocator.FreeFrames);
        FrameTable.Drop(frame);
        Assert.Equal(free, FrameAllocator.FreeFrames);
    }

    private static void Take(int order, List<(FrameNumber First, int Order)> held, HashSet<uint> owned)
    {
        if (!FrameAllocator.TryTake(order, out var first))
            return;
        Assert.Equal(0u, first.Value & ((1u << order) - 1));
        for (var i = 0u; i < 1u << order; i++)
            Assert.True(owned.Add(first.Value + i), "a frame was handed out twice");
        held.Add((first, order));
    }

    private static void Give(int index, List<(FrameNumber First, int Order)> held, HashSet<uint> owned)
    {
        var (first, order) = held[index];
        held.RemoveAt(index);
        for (var i = 0u; i < 1u << order; i++)
            owned.Remove(first.Value + i);
        FrameAllocator.Give(first, order);
    }

    private static int[] BlocksPerOrder()
    {
        var blocks = new int[FrameAllocator.MaxOrder + 1];
        for (var order = 0; order < blocks.Length; order++)
            blocks[order] = FrameAllocator.FreeBlocks(order);
        return blocks;
    }
}
