// Virtually contiguous areas: places never touch, contents are their own, exhaustion is an answer, and all frames come back.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Memory;

public sealed class KernelAreasTests
{
    /// <summary>What a test holds: an area and the byte it filled it with.</summary>
    private readonly record struct Held(KernelArea Area, byte Mark);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Areas_come_and_go_in_random_order(int seed) => InKernel(4 << 20, () =>
    {
        var random = new Random(seed);
        var free = FrameAllocator.FreeFrames;
        var held = new List<Held>();
        long pages = 0;
        for (var step = 0; step < 600; step++)
        {
            if (held.Count == 0 || random.Next(100) < 55)
                pages += Create(random, held);
            else
                pages -= Free(random.Next(held.Count), held);
            Assert.Equal(pages, KernelAreas.UsedPages);
            Assert.Equal(free - pages, FrameAllocator.FreeFrames);
            CheckTable(held);
        }

        while (held.Count > 0)
            Free(held.Count - 1, held);
        Assert.Equal(free, FrameAllocator.FreeFrames);
        Assert.False(KernelAreas.TryFind(0, out _, out _));
    });

    [Fact]
    public void Each_area_gets_the_first_place_that_is_large_enough() => InKernel(4 << 20, () =>
    {
        var areas = new KernelArea[4];
        for (var i = 0; i < areas.Length; i++)
            Assert.True(KernelAreas.TryCreate(3, "test", out areas[i]));
        Assert.Equal(4, areas[1].FirstPage);
        KernelAreas.Free(areas[1]);
        Assert.True(KernelAreas.TryCreate(4, "large", out var large));
        Assert.Equal(16, large.FirstPage);
        Assert.True(KernelAreas.TryCreate(1, "small", out var small));
        Assert.Equal(4, small.FirstPage);
        Assert.True(KernelAreas.TryFind(4, out var found, out var name));
        Assert.Equal("small", name);
        Assert.Equal(4, found.FirstPage);
    });

    [Fact]
    public void What_there_is_no_memory_for_leaves_no_trace() => InKernel(1 << 20, () =>
    {
        var free = FrameAllocator.FreeFrames;
        Assert.False(KernelAreas.TryCreate((int)free + 1, "test", out var area));
        Assert.True(area.IsNone);
        Assert.False(KernelAreas.TryCreate(0, "test", out _));
        Assert.False(KernelAreas.TryCreate(KernelAreas.MaxPages + 1, "test", out _));
        Assert.False(KernelAreas.TryCreate(KernelArea.RangePages, "test", out _));
        Assert.Equal(free, FrameAllocator.FreeFrames);
        Assert.Equal(0, KernelAreas.UsedPages);
        Assert.False(KernelAreas.TryFind(0, out _, out _));
    });

    [Fact]
    public void There_is_a_limit_to_the_number_of_areas() => InKernel(4 << 20, () =>
    {
        var areas = new KernelArea[KernelAreas.MaxAreas];
        for (var i = 0; i < areas.Length; i++)
            Assert.True(KernelAreas.TryCreate(1, "test", out areas[i]));
        var free = FrameAllocator.FreeFrames;
        Assert.False(KernelAreas.TryCreate(1, "test", out _));
        Assert.Equal(free, FrameAllocator.FreeFrames);
        KernelAreas.Free(areas[17]);
        Assert.True(KernelAreas.TryCreate(1, "test", out var again));
        Assert.Equal(areas[17].FirstPage, again.FirstPage);
    });

    [Fact]
    public void An_area_given_back_twice_is_a_kernel_fault() => Fails(area => KernelAreas.Free(area), "an area given back exists");

    [Fact]
    public void An_area_given_back_has_no_bytes() => Fails(area => area.Bytes[0] = 1, "bad address");

    [Fact]
    public void Two_processors_never_get_the_same_place() => Explore.Schedules(cpus: 2, static machine =>
    {
        var kernel = new SchedulerKernel(machine);
        KernelAreas.Init();
        for (byte worker = 1; worker <= 2; worker++)
        {
            var mark = worker;
            kernel.Spawn($"worker{worker}", () =>
            {
                for (var i = 0; i < 3; i++)
                    UseOnce(machine, mark);
            });
        }

        kernel.RunAll();
        if (KernelAreas.UsedPages != 0)
            machine.Fail("pages in use after the last area went");
    }, schedules: 300);

    private static void UseOnce(SimMachine machine, byte mark)
    {
        if (!KernelAreas.TryCreate(mark, "worker", out var area))
            machine.Fail("no area");
        area.Bytes.Fill(mark);
        Cpu.Interleave();
        if (area.Bytes.ContainsAnyExcept(mark))
            machine.Fail("contents of another's area");
        KernelAreas.Free(area);
    }

    private static int Create(Random random, List<Held> held)
    {
        var pages = 1 + random.Next(random.Next(4) == 0 ? 60 : 6);
        if (!KernelAreas.TryCreate(pages, "test", out var area))
        {
            Assert.True(pages > FrameAllocator.FreeFrames || held.Count == KernelAreas.MaxAreas, "refused without need");
            return 0;
        }

        Assert.Equal(pages * Frames.Size, area.Bytes.Length);
        Assert.False(area.Bytes.ContainsAnyExcept((byte)0));
        var mark = (byte)(1 + random.Next(255));
        area.Bytes.Fill(mark);
        held.Add(new Held(area, mark));
        return pages;
    }

    private static int Free(int index, List<Held> held)
    {
        var (area, mark) = held[index];
        held.RemoveAt(index);
        Assert.False(area.Bytes.ContainsAnyExcept(mark));
        KernelAreas.Free(area);
        return area.PageCount;
    }

    // The kernel's table names exactly the held areas, in order, with a free page behind each.
    private static void CheckTable(List<Held> held)
    {
        held.Sort((one, other) => one.Area.FirstPage.CompareTo(other.Area.FirstPage));
        var page = 0;
        foreach (var (area, _) in held)
        {
            Assert.True(KernelAreas.TryFind(page, out var found, out _));
            Assert.Equal((area.FirstPage, area.PageCount), (found.FirstPage, found.PageCount));
            Assert.True(area.FirstPage >= page);
            page = area.FirstPage + area.PageCount + 1;
        }

        Assert.False(KernelAreas.TryFind(page, out _, out _));
    }

    private static void Fails(Action<KernelArea> misuse, string reason)
    {
        var error = Assert.ThrowsAny<Exception>(() => InKernel(1 << 20, () =>
        {
            Assert.True(KernelAreas.TryCreate(1, "test", out var area));
            KernelAreas.Free(area);
            misuse(area);
        }));
        Assert.Contains(reason, error.ToString());
    }

    private static void InKernel(int memoryBytes, Action body)
    {
        using var machine = new SimMachine(new SimOptions { MemoryBytes = memoryBytes });
        var kernel = new SchedulerKernel(machine);
        KernelAreas.Init();
        kernel.Spawn("test", body);
        kernel.RunAll();
    }
}
