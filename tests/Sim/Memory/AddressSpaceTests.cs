// Address spaces under random calls against a picture of what they should be, with enough memory and with too little; and the
// documented answers of single calls. At the end of every run all frames and pool objects are back.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Memory;

public sealed class AddressSpaceTests
{
    private const Protection ReadWrite = Protection.PROT_READ | Protection.PROT_WRITE;
    private const MapFlags Private = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS;

    [Theory]
    [InlineData(4 << 20, 12, 400)]
    [InlineData(1 << 20, 12, 400)]
    public void Random_calls_do_what_a_plain_picture_does(int memoryBytes, int seeds, int steps)
    {
        for (var seed = 0; seed < seeds; seed++)
        {
            var random = new Random(seed);
            var name = $"seed {seed}, {memoryBytes >> 10} KiB";
            InSpace(memoryBytes, space => RandomCalls(random, new SpaceModel(space, name) { MayFail = memoryBytes < 2 << 20 }, steps));
        }
    }

    private static void RandomCalls(Random random, SpaceModel current, int steps)
    {
        var all = new List<SpaceModel> { current };
        for (var step = 0; step < steps; step++)
        {
            var first = random.Next(SpaceModel.PageCount);
            var count = 1 + random.Next(Math.Min(12, SpaceModel.PageCount - first));
            switch (random.Next(13))
            {
                case 0 or 1:
                    current.Map(first, count, RandomProtection(random), shared: random.Next(4) == 0, populate: random.Next(5) == 0);
                    break;
                case 2:
                    current.Unmap(first, count);
                    break;
                case 3 or 4:
                    current.Protect(first, count, RandomProtection(random));
                    break;
                case 5:
                    current.Forget(first, count);
                    break;
                case 6:
                    current.Move(first, count, 1 + random.Next(12), random.Next(SpaceModel.PageCount - 12));
                    break;
                case 7 or 8 or 9:
                    current.Write(first, random.Next(Frames.Size), (byte)random.Next(256));
                    break;
                case 10:
                    current.Read(first);
                    break;
                case 11:
                    ForkOrEnd(random, current, all);
                    break;
                default:
                    current = all[random.Next(all.Count)];
                    current.Load();
                    break;
            }

            current.Check();
        }

        // The one that is loaded is given up by whoever made it.
        all.Remove(current);
        foreach (var other in all)
            other.Space.Drop();
    }

    private static void ForkOrEnd(Random random, SpaceModel current, List<SpaceModel> all)
    {
        if (all.Count < 4)
        {
            if (current.Fork() is { } child)
                all.Add(child);
            return;
        }

        var ended = all[random.Next(all.Count)];
        if (ended == current)
            return;
        all.Remove(ended);
        ended.Space.Drop();
    }

    private static int RandomProtection(Random random) => random.Next(6) switch { 0 => 0, 1 => 1, 2 => 5, 3 => 7, _ => 3 };

    [Fact]
    public void Fork_copies_a_page_only_when_one_side_writes_it() => InSpace(4 << 20, parent =>
    {
        var at = Map(parent, 3 * Frames.Size);
        Assert.True(UserAccess.TryWrite(at, 1UL));
        Assert.True(UserAccess.TryWrite(at + Frames.Size, 2UL));
        var before = FrameAllocator.FreeFrames;
        var child = parent.Fork().Value;
        var tables = before - FrameAllocator.FreeFrames;
        Assert.Equal(2, child.ResidentPages);

        Assert.True(UserAccess.TryWrite(at, 3UL));
        Assert.Equal(before - tables - 1, FrameAllocator.FreeFrames);
        Assert.Equal(1UL, ReadOther(child, at));
        Assert.Equal(2UL, ReadOther(child, at + Frames.Size));

        // The parent's page has one owner again once the child is gone: writing takes no frame.
        child.Drop();
        var free = FrameAllocator.FreeFrames;
        Assert.True(UserAccess.TryWrite(at + Frames.Size, 4UL));
        Assert.Equal(free, FrameAllocator.FreeFrames);
    });

    [Fact]
    public void Reading_untouched_memory_takes_no_frame_of_its_own() => InSpace(4 << 20, space =>
    {
        var at = Map(space, 64 * Frames.Size);
        Assert.True(UserAccess.TryRead(at, out ulong _));
        var free = FrameAllocator.FreeFrames;
        for (var i = 0UL; i < 64; i++)
        {
            Assert.True(UserAccess.TryRead(at + i * Frames.Size, out ulong value));
            Assert.Equal(0UL, value);
        }

        Assert.Equal(free, FrameAllocator.FreeFrames);
        Assert.Equal(0, space.ResidentPages);
    });

    [Fact]
    public void A_page_without_permission_keeps_its_contents() => InSpace(4 << 20, space =>
    {
        var at = Map(space, Frames.Size);
        Assert.True(UserAccess.TryWrite(at, 42UL));
        Assert.Equal(Errno.None, space.Protect(at, Frames.Size, Protection.PROT_NONE));
        Assert.False(UserAccess.TryRead(at, out ulong _));
        Assert.Equal(Errno.None, space.Protect(at, Frames.Size, Protection.PROT_READ));
        Assert.True(UserAccess.TryRead(at, out ulong value));
        Assert.Equal(42UL, value);
        Assert.False(UserAccess.TryWrite(at, 1UL));
    });

    [Fact]
    public void A_stack_grows_down_and_keeps_its_distance() => InSpace(4 << 20, space =>
    {
        const ulong Top = 0x7000_0000;
        Assert.Equal(Errno.None, space.MapStack(Top, 4 * Frames.Size));
        Assert.True(UserAccess.TryWrite(Top - 100 * Frames.Size, 1UL));
        Assert.Equal(100, space.StackPages);

        // Something below: the stack may come no nearer than the guard.
        var below = Top - 400 * Frames.Size;
        Assert.Equal(below, Fixed(space, below, Frames.Size));
        Assert.False(UserAccess.TryWrite(below + 200 * Frames.Size, 1UL));
        Assert.True(UserAccess.TryWrite(below + 260 * Frames.Size, 1UL));
    });

    [Fact]
    public void The_heap_moves_up_and_down_and_stops_at_what_is_mapped() => InSpace(4 << 20, space =>
    {
        space.StartBreak(0x60_0000);
        var start = space.SetBreak(0);
        Assert.Equal(start + 100, space.SetBreak(start + 100));
        Assert.True(UserAccess.TryWrite(start, 7UL));
        Assert.Equal(start + 5 * Frames.Size, space.SetBreak(start + 5 * Frames.Size));
        Assert.Equal(1, space.AreaCount);
        Assert.Equal(start + 8, space.SetBreak(start + 8));
        Assert.True(UserAccess.TryRead(start, out ulong kept));
        Assert.Equal(7UL, kept);
        Assert.False(UserAccess.TryRead(start + Frames.Size, out ulong _));
        Fixed(space, start + 16 * Frames.Size, Frames.Size);
        Assert.Equal(start + 8, space.SetBreak(start + 17 * Frames.Size));
        Assert.Equal(start + 8, space.SetBreak(start - 1));
    });

    [Fact]
    public void Mappings_are_put_below_each_other_and_into_gaps() => InSpace(4 << 20, space =>
    {
        var a = Map(space, 4 * Frames.Size);
        Assert.Equal(Errno.None, space.Protect(a, 4 * Frames.Size, Protection.PROT_READ));
        var b = Map(space, 2 * Frames.Size);
        Assert.Equal(a - 2 * Frames.Size, b);
        Assert.Equal(Errno.None, space.Unmap(a + Frames.Size, Frames.Size));
        Assert.Equal(a + Frames.Size, Map(space, Frames.Size));
        Assert.Equal(0x2000_0000UL, space.Map(0x2000_0000, Frames.Size, ReadWrite, Private, null, 0).Value);
        Assert.True(space.Map(0, Frames.Size, ReadWrite, Private | MapFlags.MAP_32BIT, null, 0).Value < 1UL << 31);
    });

    [Fact]
    public void Wrong_arguments_get_the_documented_errors() => InSpace(4 << 20, space =>
    {
        var at = Map(space, 2 * Frames.Size);
        Assert.Equal(Errno.EINVAL, space.Map(0, 0, ReadWrite, Private, null, 0).Error);
        Assert.Equal(Errno.EINVAL, space.Map(0, 4096, ReadWrite, MapFlags.MAP_ANONYMOUS, null, 0).Error);
        Assert.Equal(Errno.EINVAL, space.Map(at + 1, 4096, ReadWrite, Private | MapFlags.MAP_FIXED, null, 0).Error);
        Assert.Equal(Errno.EPERM, space.Map(0, 4096, ReadWrite, Private | MapFlags.MAP_FIXED, null, 0).Error);
        Assert.Equal(Errno.EEXIST, space.Map(at, 4096, ReadWrite, Private | MapFlags.MAP_FIXED_NOREPLACE, null, 0).Error);
        Assert.Equal(Errno.ENOMEM, space.Map(0, 1UL << 46, ReadWrite, Private, null, 0).Error);
        Assert.Equal(Errno.ENOMEM, space.Map(0, ulong.MaxValue - 5, ReadWrite, Private, null, 0).Error);
        Assert.Equal(Errno.EINVAL, space.Unmap(at + 1, 4096));
        Assert.Equal(Errno.EINVAL, space.Unmap(at, 0));
        Assert.Equal(Errno.EINVAL, space.Unmap(UserMemory.Limit - 4096, 8192));
        Assert.Equal(Errno.ENOMEM, space.Protect(at, 3 * Frames.Size, ReadWrite));
        Assert.Equal(Errno.EINVAL, space.Advise(at, 4096, (Advice)12345));
        Assert.Equal(Errno.EFAULT, space.Remap(0x5000, 4096, 8192, RemapFlags.MREMAP_MAYMOVE, 0).Error);
        Assert.Equal(Errno.EINVAL, space.Remap(at, 4096, 0, RemapFlags.MREMAP_MAYMOVE, 0).Error);
        Assert.Equal(Errno.EINVAL, space.Remap(at, 4096, 4096, RemapFlags.MREMAP_FIXED, 0x50_0000).Error);
    });

    [Fact]
    public void Threads_on_several_CPUs_fault_fork_and_unmap_together() => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2, CommandLine = "norandmaps" }, Schedules = 300 },
        machine =>
        {
            var kernel = new SchedulerKernel(machine);
            kernel.Spawn("maker", () =>
            {
                var space = AddressSpace.Create().Value;
                space.AddUser();
                kernel.Spawn("writer", () => Write(space));
                kernel.Spawn("toucher", () => Touch(space));
            });
            kernel.RunAll();
            Assert.Equal(0, AddressSpace.Pool.Used);
            Assert.Equal(0, Area.Pool.Used);
        });

    private const ulong Shared = 0x5000_0000;

    private static void Write(AddressSpace space)
    {
        AddressSpace.Replace(Task.Current, space);
        Fixed(space, Shared, 4 * Frames.Size);
        for (var i = 0UL; i < 4; i++)
            Assert.True(UserAccess.TryWrite(Shared + i * Frames.Size, i + 1));
        var child = space.Fork().Value;
        for (var i = 0UL; i < 4; i++)
            Assert.Equal(i + 1, ReadOther(child, Shared + i * Frames.Size) & 0xff);
        child.Drop();
        Assert.Equal(Errno.None, space.Unmap(Shared, 2 * Frames.Size));
        AddressSpace.Replace(Task.Current, null);
    }

    // Adds a mark to whatever it finds: a mark that the child sees later than the fork would be one on a page that is still shared.
    private static void Touch(AddressSpace space)
    {
        AddressSpace.Replace(Task.Current, space);
        for (var i = 0UL; i < 8; i++)
        {
            if (UserAccess.TryRead(Shared + (i & 3) * Frames.Size, out ulong value) && value != 0)
                UserAccess.TryWrite(Shared + (i & 3) * Frames.Size, value | 0x100);
        }

        AddressSpace.Replace(Task.Current, null);
    }

    /// <summary>Runs the body as the one task of a kernel, in a space of its own; afterwards nothing may be missing.</summary>
    private static void InSpace(int memoryBytes, Action<AddressSpace> body)
    {
        using var machine = new SimMachine(new SimOptions { MemoryBytes = memoryBytes, CommandLine = "norandmaps" });
        var kernel = new SchedulerKernel(machine);
        var free = 0L;
        kernel.Spawn("test", () =>
        {
            free = FrameAllocator.FreeFrames;
            AddressSpace.Replace(Task.Current, AddressSpace.Create().Value);
            body(Task.Current.Memory!);
            AddressSpace.Replace(Task.Current, null);
            Assert.Equal(free, FrameAllocator.FreeFrames);
        });
        kernel.RunAll();
        Assert.Equal(0, AddressSpace.Pool.Used);
        Assert.Equal(0, Area.Pool.Used);
        Assert.Equal(0, SharedPages.Pool.Used);
        Assert.Equal(0, SharedPages.TotalPages);
    }

    private static ulong Map(AddressSpace space, ulong length)
    {
        var result = space.Map(0, length, ReadWrite, Private, null, 0);
        Assert.Equal(Errno.None, result.Error);
        return result.Value;
    }

    private static ulong Fixed(AddressSpace space, ulong address, ulong length) =>
        space.Map(address, length, ReadWrite, Private | MapFlags.MAP_FIXED, null, 0).Value;

    private static ulong ReadOther(AddressSpace space, ulong address)
    {
        Span<byte> bytes = stackalloc byte[8];
        Assert.Equal(Errno.None, space.ReadRemote(address, bytes));
        return BitConverter.ToUInt64(bytes);
    }
}
