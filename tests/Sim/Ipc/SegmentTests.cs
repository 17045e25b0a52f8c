// System V shared memory on explored schedules: attaching beside removal, and the last one who lets go. Pages and segments go once, and not
// before the last area.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Ipc;

public sealed class SegmentTests
{
    private const ulong Place = 0x1000_0000;

    private static int NewSegment() => SharedSegments.Get(SysVIpc.IPC_PRIVATE, Frames.Size, 0x180).Value;

    // What shmat and shmdt do to pages, without an address space: one area comes and goes.
    private static void AttachAndDetach(int id)
    {
        if (SharedSegments.Hold(id, 0, out var segment) != Errno.None)
            return;
        Cpu.Interleave();
        var pages = segment.Memory;
        if (pages is null)
            throw new InvalidOperationException("the segment went while it was being attached");
        pages.AddUser();
        segment.LetGo();
        Assert.True(pages.TryGetPage(0, out var frame));
        FrameTable.Drop(frame);
        pages.Drop();
    }

    private static void CheckNothingLeft(SimMachine machine)
    {
        if (SharedSegment.Pool.Used != 0 || SharedPages.TotalPages != 0 || SharedSegments.Pages != 0)
            machine.Fail($"{SharedSegment.Pool.Used} segments, {SharedPages.TotalPages} pages, {SharedSegments.Pages} counted are left");
    }

    // Two attach and detach, on CPU 0 and 1; on CPU 1 the segment is removed.
    private static Action<SimMachine> RemoveBesideAttach(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => id = NewSegment();
            kernel.Spawn("user1", small.Part(() => AttachAndDetach(id)), CpuSet.Of(0));
            kernel.Spawn("user2", small.Part(() => AttachAndDetach(id)), CpuSet.Of(1));
            kernel.Spawn("remover", small.Part(() => SharedSegments.Remove(id)), CpuSet.Of(1));
        });
        CheckNothingLeft(machine);
    };

    [Fact]
    public void All_schedules_of_removal_beside_attaching_free_it_once()
    {
        Explore.All(RemoveBesideAttach(IpcFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(RemoveBesideAttach(IpcFault.AttachNotCounted));
    }

    /// <summary>Three use one segment in address spaces of their own, by key, and one of them removes it each time.</summary>
    private static void Share(SimMachine machine, IpcFault fault)
    {
        const int Key = 77;
        var left = 3;
        IpcKernel.Run(machine, fault, kernel =>
        {
            for (var task = 0; task < 3; task++)
                kernel.Spawn("user" + task, () => Use(removes: left % 2 == 1));
        });
        CheckNothingLeft(machine);

        void Use(bool removes)
        {
            Assert.True(AddressSpace.Create().TryGet(out var space));
            AddressSpace.Replace(Task.Current, space);
            for (var i = 0; i < 3; i++)
            {
                var id = SharedSegments.Get(Key, Frames.Size, SysVIpc.IPC_CREAT | 0x180).Value;
                var attached = SharedSegments.Attach(id, Place, 0);
                if (removes)
                    SharedSegments.Remove(id);
                if (attached.IsOk)
                    Assert.Equal(Errno.None, space.Detach(Place));
            }

            AddressSpace.Replace(Task.Current, null);
            if (--left == 0 && SharedSegments.Get(Key, 0, 0).TryGet(out var last))
                SharedSegments.Remove(last);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Users_and_removers_of_one_key_leave_nothing(int cpus) =>
        Explore.Schedules(cpus, machine => Share(machine, IpcFault.None), 300);

    [Fact]
    public void A_removal_that_overlooks_who_attaches_is_caught() =>
        Explore.FindsFailure(2, machine => Share(machine, IpcFault.AttachNotCounted));
}
