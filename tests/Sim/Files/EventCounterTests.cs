// Counters that are files: nothing added is lost or taken twice, and no sleeper on either side is forgotten, under explored schedules.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

public sealed class EventCounterTests
{
    // Two add until the counter is full and wait for room; two take.
    private static Action<SimMachine> Share(EventFault fault) => machine =>
    {
        const ulong Half = EventCounter.Most / 2 + 1;
        OpenFile file = null!;
        var taken = 0;
        var left = 4;
        EventKernel.Run(machine, fault, kernel =>
        {
            kernel.OnBoot += () => file = EventKernel.Counter();
            for (var i = 0; i < 2; i++)
            {
                kernel.Spawn("adder" + i, () =>
                {
                    Assert.Equal(Errno.None, EventCounterOperations.TryGet(file)!.Add(Half, isNonBlocking: false));
                    End();
                });
                kernel.Spawn("taker" + i, () =>
                {
                    if (EventCounterOperations.TryGet(file)!.Take(isNonBlocking: false).Value != Half)
                        machine.Fail("more or less than was added");
                    taken++;
                    End();
                });
            }
        });
        if (taken != 2)
            machine.Fail($"{taken} have taken something");

        void End()
        {
            if (--left == 0)
                file.Drop();
        }
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Adders_and_takers_wait_for_each_other(int cpus) => Explore.Schedules(cpus, Share(EventFault.None), 300);

    [Fact]
    public void Seeking_waiters_before_the_change_is_caught() => Explore.FindsFailure(2, Share(EventFault.WaitersSoughtFirst));

    // One sleeps for the semaphore on CPU 0; another may on CPU 1, where the signaller is, too.
    private static Action<SimMachine> Small(EventFault fault, int takers) => machine =>
    {
        var small = new SmallCase(machine);
        OpenFile file = null!;
        var taken = 0UL;
        EventKernel.Run(machine, fault, kernel =>
        {
            kernel.OnBoot += () => file = EventKernel.Counter(isSemaphore: true);
            void Take()
            {
                var got = EventCounterOperations.TryGet(file)!.Take(isNonBlocking: false).Value;
                taken += got;
                if (taken == (ulong)takers)
                    file.Drop();
            }

            kernel.Spawn("taker0", small.Part(Take), CpuSet.Of(0));
            kernel.Spawn("adder", small.Part(() => EventKernel.Signal(file, (ulong)takers)), CpuSet.Of(1));
            if (takers == 2)
                kernel.Spawn("taker1", small.Part(Take), CpuSet.Of(1));
        });
    };

    [Fact]
    public void All_schedules_of_a_signal_and_two_takers_give_each_one()
    {
        Explore.All(Small(EventFault.None, 2), Explore.Bound(1, 2));
        Explore.AllFindFailure(Small(EventFault.WaitersSoughtFirst, 1));
    }
}
