// Sets of descriptors under explored schedules: no event is lost, none is told twice, whoever closes what meanwhile. Each argument of
// Epoll.cs has its deliberate mistake here, which the explorer must find.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

using static EpollFlags;
using static FileConstants;

public sealed class EpollTests
{
    // One waits for the edge of each of two counters; another task signals them, one after the other.
    private static Action<SimMachine> TwoEdges(EventFault fault) => machine => EventKernel.Run(machine, fault, kernel =>
    {
        OpenFile set = null!;
        var counters = new OpenFile[2];
        kernel.OnBoot += () =>
        {
            set = EventKernel.Set();
            for (var i = 0; i < 2; i++)
                Assert.Equal(Errno.None, EventKernel.Add(set, counters[i] = EventKernel.Counter(), POLLIN | EPOLLET, (ulong)i));
        };
        kernel.Spawn("waiter", () =>
        {
            var seen = 0L;
            while (seen != 3)
                seen |= 1L << (int)EventKernel.WaitOne(set);
            foreach (var counter in counters)
                counter.Drop();
            set.Drop();
        });
        kernel.Spawn("signaller", () =>
        {
            EventKernel.Signal(counters[0]);
            EventKernel.Signal(counters[1]);
        });
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_edge_is_told(int cpus) => Explore.Schedules(cpus, TwoEdges(EventFault.None), 300);

    [Fact]
    public void Seeking_what_is_ready_before_queueing_is_caught() => Explore.FindsFailure(2, TwoEdges(EventFault.ReadySoughtFirst));

    [Fact]
    public void Forgetting_what_becomes_ready_in_a_transfer_is_caught() => Explore.FindsFailure(2, TwoEdges(EventFault.ReadyLostInTransfer));

    // Three events are signalled while two tasks serve a one-shot item: whoever is told serves it alone until it arms the item again.
    private static Action<SimMachine> OneShot(EventFault fault) => machine => EventKernel.Run(machine, fault, kernel =>
    {
        OpenFile set = null!, counter = null!, stop = null!;
        var serving = 0;
        var served = 0UL;
        var left = 2;
        kernel.OnBoot += () =>
        {
            set = EventKernel.Set();
            EventKernel.Add(set, counter = EventKernel.Counter(), POLLIN | EPOLLONESHOT, 1);
            EventKernel.Add(set, stop = EventKernel.Counter(), POLLIN, 2);
        };
        for (var i = 0; i < 2; i++)
            kernel.Spawn("server" + i, Serve);
        kernel.Spawn("signaller", () =>
        {
            for (var i = 0; i < 3; i++)
                EventKernel.Signal(counter);
        });

        void Serve()
        {
            while (served < 3 && EventKernel.WaitOne(set) == 1)
            {
                if (serving++ != 0)
                    machine.Fail("two were told of one shot");
                Cpu.Interleave();
                var got = EventKernel.Take(counter);
                served += got;
                serving--;
                Assert.Equal(Errno.None, EventKernel.Modify(set, counter, POLLIN | EPOLLONESHOT, 1));
            }

            EventKernel.Signal(stop);
            if (--left > 0)
                return;
            counter.Drop();
            stop.Drop();
            set.Drop();
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void One_shot_is_told_to_one(int cpus) => Explore.Schedules(cpus, OneShot(EventFault.None), 200);

    [Fact]
    public void A_one_shot_item_that_stays_armed_is_caught() => Explore.FindsFailure(2, OneShot(EventFault.OneShotStaysArmed));

    // Two sets watch a counter exclusively; only in the second somebody waits, who must be woken.
    private static Action<SimMachine> Exclusive(EventFault fault) => machine => EventKernel.Run(machine, fault, kernel =>
    {
        OpenFile idle = null!, busy = null!, counter = null!;
        kernel.OnBoot += () =>
        {
            counter = EventKernel.Counter();
            EventKernel.Add(idle = EventKernel.Set(), counter, POLLIN | EPOLLEXCLUSIVE);
            EventKernel.Add(busy = EventKernel.Set(), counter, POLLIN | EPOLLEXCLUSIVE, 7);
        };
        kernel.Spawn("waiter", () =>
        {
            Assert.Equal(7, EventKernel.WaitOne(busy));
            counter.Drop();
            idle.Drop();
            busy.Drop();
        });
        kernel.Spawn("signaller", () => EventKernel.Signal(counter));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_exclusive_item_without_waiters_passes_the_wake_up_on(int cpus) => Explore.Schedules(cpus, Exclusive(EventFault.None), 300);

    [Fact]
    public void An_exclusive_item_that_swallows_a_wake_up_is_caught() => Explore.FindsFailure(2, Exclusive(EventFault.ExclusiveSwallows));

    // A counter of two is signalled once: level-triggered, it is for both tasks.
    private static Action<SimMachine> Level(EventFault fault) => machine => EventKernel.Run(machine, fault, kernel =>
    {
        OpenFile set = null!, counter = null!;
        var left = 2;
        kernel.OnBoot += () => EventKernel.Add(set = EventKernel.Set(), counter = EventKernel.Counter(isSemaphore: true), POLLIN);
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn("waiter" + i, () =>
            {
                do
                    EventKernel.WaitOne(set);
                while (EventKernel.Take(counter) == 0);
                if (--left > 0)
                    return;
                counter.Drop();
                set.Drop();
            });
        }

        kernel.Spawn("signaller", () => EventKernel.Signal(counter, 2));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_holds_on_wakes_the_next(int cpus) => Explore.Schedules(cpus, Level(EventFault.None), 300);

    [Fact]
    public void Keeping_the_rest_to_oneself_is_caught() => Explore.FindsFailure(2, Level(EventFault.RestNotPassedOn));

    // An event goes through two sets, while a third watcher comes and goes.
    private static void Nested(SimMachine machine) => EventKernel.Run(machine, EventFault.None, kernel =>
    {
        OpenFile inner = null!, outer = null!, counter = null!;
        var left = 2;
        kernel.OnBoot += () =>
        {
            counter = EventKernel.Counter();
            EventKernel.Add(inner = EventKernel.Set(), counter, POLLIN);
            EventKernel.Add(outer = EventKernel.Set(), inner, POLLIN | EPOLLET, 5);
        };
        kernel.Spawn("waiter", () =>
        {
            Assert.Equal(5, EventKernel.WaitOne(outer));
            Assert.Equal(0, EventKernel.WaitOne(inner, 0));
            outer.Drop();
            End();
        });
        kernel.Spawn("signaller", () => EventKernel.Signal(counter));
        kernel.Spawn("guest", () =>
        {
            var guest = EventKernel.Set();
            Assert.Equal(Errno.None, EventKernel.Add(guest, inner, POLLIN));
            Assert.Equal(Errno.ELOOP, EventKernel.Add(inner, guest, POLLIN));
            EventKernel.WaitOne(guest, 0);
            guest.Drop();
            End();
        });

        void End()
        {
            if (--left > 0)
                return;
            counter.Drop();
            inner.Drop();
        }
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_event_goes_through_sets_in_sets(int cpus) => Explore.Schedules(cpus, Nested, 200);

    // A watched file, one of its two sets and the other one's waiter end at the same time as its last event.
    private static void Closing(SimMachine machine) => EventKernel.Run(machine, EventFault.None, kernel =>
    {
        OpenFile first = null!, second = null!, counter = null!, last = null!;
        kernel.OnBoot += () =>
        {
            counter = EventKernel.Counter();
            last = EventKernel.Counter();
            EventKernel.Add(first = EventKernel.Set(), counter, POLLIN, 1);
            EventKernel.Add(second = EventKernel.Set(), counter, POLLIN, 1);
            EventKernel.Add(first, last, POLLIN, 2);
        };
        kernel.Spawn("waiter", () =>
        {
            while (EventKernel.WaitOne(first) != 2)
            {
            }

            first.Drop();
            last.Drop();
        });
        kernel.Spawn("closer", () => second.Drop());
        kernel.Spawn("signaller", () =>
        {
            EventKernel.Signal(counter);
            counter.Drop();
            EventKernel.Signal(last);
        });
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Files_and_sets_may_end_in_any_order(int cpus) => Explore.Schedules(cpus, Closing, 300);

    // One waits on CPU 0; on CPU 1 another does, and then the signaller: a level-triggered semaphore of two, one for each.
    private static Action<SimMachine> Small(EventFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        OpenFile set = null!, counter = null!;
        var taken = 0UL;
        EventKernel.Run(machine, fault, kernel =>
        {
            kernel.OnBoot += () => EventKernel.Add(set = EventKernel.Set(), counter = EventKernel.Counter(isSemaphore: true), POLLIN);
            void Wait()
            {
                EventKernel.WaitOne(set);
                var got = EventKernel.Take(counter);
                taken += got;
                if (taken != 2)
                    return;
                counter.Drop();
                set.Drop();
            }

            kernel.Spawn("waiter0", small.Part(Wait), CpuSet.Of(0));
            kernel.Spawn("waiter1", small.Part(Wait), CpuSet.Of(1));
            kernel.Spawn("signaller", small.Part(() => EventKernel.Signal(counter, 2)), CpuSet.Of(1));
        });
    };

    [Fact]
    public void All_schedules_of_a_signal_and_two_waiters_wake_both()
    {
        Explore.All(Small(EventFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(Small(EventFault.RestNotPassedOn));
        Explore.AllFindFailure(Small(EventFault.ReadySoughtFirst));
    }

    [Fact]
    public void A_failed_allocation_leaves_nothing_behind() => FilesKernel.Run(() =>
    {
        var watched = EventKernel.Set();
        var refused = 0;
        for (var nth = 1; ; nth++)
        {
            FaultInjection.Arm(Task.Current, nth);
            var made = EpollOperations.Make();
            var error = made.Error;
            if (made.TryGet(out var set))
            {
                error = EventKernel.Add(set, watched, POLLIN);
                set.Drop();
            }

            FaultInjection.Arm(Task.Current, 0);
            Assert.Equal(1, Epoll.Pool.Used + EpollItem.Pool.Used);
            Assert.False(watched.IsWatched);
            if (error == Errno.None)
                break;
            Assert.True(error is Errno.ENOMEM or Errno.ENFILE);
            refused++;
        }

        Assert.True(refused >= 5, $"{refused} allocations refused");
        watched.Drop();
    });
}
