// The historical work queues: the same promises for a run, a flush, a cancel; and the three faults they had, shown.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class ThreadedWorkQueueTests
{
    private static ExploreOptions Options(int cpus, int schedules = 200, Strategy strategy = Strategy.Mixed, int bound = 2) => new()
    {
        Machine = new SimOptions { Cpus = cpus, MemoryBytes = 8 << 20 },
        Schedules = schedules,
        Strategy = strategy,
        PreemptionBound = bound,
    };

    private static ThreadedWorkQueue Make(ReadOnlySpan<byte> name, bool single = false)
    {
        var result = single ? ThreadedWorkQueue.CreateSingleThreaded(name) : ThreadedWorkQueue.Create(name);
        Assert.True(result.TryGet(out var queue));
        return queue;
    }

    private static void Requests(SimMachine machine, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        ThreadedWorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("old"u8);
        int asked = 0, seen = 0;
        var item = new WorkItem(_ =>
        {
            Cpu.Interleave();
            seen = asked;
            Cpu.Interleave();
        }, null);
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"queuer{i}", () =>
            {
                asked++;
                queue.QueueOn(0, item);
            }, cpu: i);
        }

        kernel.RunAll();
        Assert.Equal(2, seen);
    }

    [Fact]
    public void A_request_is_seen_by_a_run_that_follows_it() => Explore.Schedules(Options(2), machine => Requests(machine));

    [Fact]
    public void PENDING_cleared_after_the_handler_loses_a_run() =>
        Explore.FindsFailure(Options(2, 3000), machine => Requests(machine, Mistake.ClearsPendingLate));

    private static void FlushAndCancel(SimMachine machine, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        ThreadedWorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("old"u8, single: machine.Options.Cpus == 1);
        int begun = 0, ended = 0;
        var alive = true;
        var item = (DelayedWork)null!;
        item = new DelayedWork(_ =>
        {
            Assert.True(alive);
            begun++;
            if (begun < 50)
                queue.Queue(item);
            Scheduler.Yield();
            Assert.True(alive, "goes on although it was cancelled");
            ended++;
        }, null);
        kernel.Spawn("waiter", () =>
        {
            queue.Queue(item);
            Assert.Equal(Errno.None, queue.Flush());
            Assert.True(ended >= 1, "the flush came back before the handler ended");
            Assert.Equal(Errno.None, ThreadedWorkQueue.FlushItem(item));
            Assert.True(ended >= 1);
            ThreadedWorkQueue.CancelAndWait(item);
            alive = false;
            Assert.False(item.IsPending);
        });
        kernel.RunAll();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Flush_and_cancel_wait_for_an_item_that_queues_itself(int cpus) => Explore.Schedules(Options(cpus), machine => FlushAndCancel(machine));

    [Fact]
    public void A_cancel_that_does_not_wait_is_found() =>
        Explore.FindsFailure(Options(2, 3000), machine => FlushAndCancel(machine, Mistake.CancelsWithoutWaiting));

    [Fact]
    public void A_flush_without_a_barrier_comes_back_too_early() =>
        Explore.FindsFailure(Options(2, 3000), machine => FlushAndCancel(machine, Mistake.FlushesWithoutBarrier));

    [Fact]
    public void A_delayed_item_is_cancelled_or_runs() => Explore.Schedules(Options(2), machine =>
    {
        var kernel = new WorkKernel(machine);
        ThreadedWorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("old"u8);
        var runs = 0;
        var cancelled = false;
        var item = new DelayedWork(_ => runs++, null);
        kernel.Spawn("starter", () =>
        {
            Assert.True(queue.QueueDelayed(item, 2));
            Scheduler.Yield();
            cancelled = ThreadedWorkQueue.CancelDelayed(item);
            Assert.Equal(Errno.None, queue.Destroy());
        });
        kernel.RunAll();
        Assert.Equal(cancelled ? 0 : 1, runs);
        Assert.Equal(1, ThreadedWorkQueue.Pool.Used); // the event queue
    });

    [Fact]
    public void The_event_queue_gets_its_threads_when_it_is_wanted() => Explore.Schedules(Options(2, 100), machine =>
    {
        var kernel = new WorkKernel(machine);
        var ran = "";
        var item = new WorkItem(_ => ran = Encoding.ASCII.GetString(Task.Current.Name), null);
        kernel.Spawn("user", () =>
        {
            Assert.False(HistoricalEvents.IsStarted);
            Assert.True(HistoricalEvents.ScheduleOn(1, item));
            Assert.Equal(Errno.None, HistoricalEvents.Flush());
            Assert.Equal("events/1", ran);
        });
        kernel.RunAll();
        Assert.True(HistoricalEvents.IsStarted);
    });

    [Fact]
    public void First_fault_each_queue_has_a_thread_per_CPU_until_there_are_no_more() => Explore.Schedules(Options(2, 2), machine =>
    {
        var kernel = new WorkKernel(machine);
        kernel.Spawn("maker", () =>
        {
            var threads = TaskTree.ThreadCount;
            var made = new List<ThreadedWorkQueue>();
            var error = Errno.None;
            while (error == Errno.None)
            {
                var result = ThreadedWorkQueue.Create("old"u8);
                error = result.Error;
                if (result.TryGet(out var queue))
                    made.Add(queue);
            }

            Assert.True(error is Errno.EAGAIN or Errno.ENOMEM, error.ToString());
            Sleep.For(10_000_000); // those that were undone are on their way out
            Assert.Equal(threads + 2 * made.Count, TaskTree.ThreadCount);
            Assert.InRange(made.Count, 10, 40);
            foreach (var queue in made)
                Assert.Equal(Errno.None, queue.Destroy());
            Sleep.For(10_000_000);
            Assert.Equal(threads, TaskTree.ThreadCount);
        });
        kernel.RunAll();
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Second_fault_an_item_that_waits_behind_itself_would_wait_for_ever(int cpus) => Explore.Schedules(Options(cpus, 50), machine =>
    {
        var kernel = new WorkKernel(machine);
        ThreadedWorkQueue single = null!;
        kernel.OnReady = () => single = Make("single"u8, single: true);
        var own = Errno.None;
        var second = new WorkItem(_ => { }, null);
        var first = new WorkItem(_ =>
        {
            own = single.Flush();
            ThreadedWorkQueue.FlushItem(second); // has run before, or never will while this runs
        }, null);
        kernel.Spawn("queuer", () =>
        {
            single.Queue(first);
            Assert.Equal(Errno.None, single.Flush());
        });
        var third = new WorkItem(_ => single.Queue(second), null);
        kernel.OnReady += () => single.Queue(third);
        kernel.RunAll();
        Assert.Equal(Errno.EDEADLK, own);
        Assert.True(FlushWaits.Found >= 1);
    });

    // Whoever comes second finds the circle; the other one's wait then ends.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Two_queues_whose_items_wait_for_each_other_are_found(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        ThreadedWorkQueue one = null!, two = null!;
        kernel.OnReady = () =>
        {
            one = Make("one"u8, single: true);
            two = Make("two"u8, single: true);
        };
        var begun = 0;
        var errors = new List<Errno>();
        WorkItem Waits(Func<ThreadedWorkQueue> other) => new(_ =>
        {
            begun++;
            while (begun < 2)
            {
                Cpu.Relax();
                Scheduler.Yield();
            }

            errors.Add(other().Flush());
        }, null);
        var first = Waits(() => two);
        var second = Waits(() => one);
        kernel.Spawn("queuer", () =>
        {
            one.Queue(first);
            two.Queue(second);
            one.Flush();
            two.Flush();
        });
        kernel.RunAll();
        errors.Sort();
        Assert.Contains(Errno.EDEADLK, errors);
        Assert.Contains(Errno.None, errors);
    });

    [Fact]
    public void Unless_told_to_refuse_it_hangs_as_it_did() => Explore.FindsFailure(Options(2, 2), machine =>
    {
        var kernel = new WorkKernel(machine);
        ThreadedWorkQueue single = null!;
        kernel.OnReady = () =>
        {
            single = Make("single"u8, single: true);
            FlushWaits.Refuses = false;
        };
        var item = new WorkItem(_ => single.Flush(), null);
        kernel.Spawn("queuer", () =>
        {
            single.Queue(item);
            single.Flush();
        });
        kernel.RunAll();
    });

    [Fact]
    public void The_same_two_items_on_a_managed_queue_do_not_hang() => Explore.Schedules(Options(1, 100), machine =>
    {
        var kernel = new WorkKernel(machine);
        var second = new WorkItem(_ => { }, null);
        var result = Errno.EINVAL;
        var first = new WorkItem(_ => result = second.Flush(), null);
        kernel.Spawn("queuer", () =>
        {
            WorkQueues.Events.Queue(first);
            WorkQueues.Events.Queue(second);
            Assert.Equal(Errno.None, WorkQueues.Events.Flush());
        });
        kernel.RunAll();
        Assert.Equal(Errno.None, result);
        Assert.Equal(0, FlushWaits.Found);
    });

    // Ten short items on ten queues: ten threads are switched to; the managed queues need one.
    [Fact]
    public void Third_fault_each_queue_wakes_a_thread_of_its_own() => Explore.Schedules(new ExploreOptions
    {
        Machine = new SimOptions { Cpus = 1, MemoryBytes = 8 << 20, TimeLeaps = false },
        Schedules = 20,
    }, machine =>
    {
        const int Queues = 10;
        var kernel = new WorkKernel(machine);
        var old = new ThreadedWorkQueue[Queues];
        var present = new WorkQueue[Queues];
        kernel.OnReady = () =>
        {
            for (var i = 0; i < Queues; i++)
            {
                old[i] = Make("old"u8, single: true);
                Assert.True(WorkQueue.Create("new"u8).TryGet(out present[i]));
            }
        };
        long oldSwitches = 0, newSwitches = 0;
        kernel.Spawn("queuer", () =>
        {
            oldSwitches = SwitchesOf(Queues, (number, item) => old[number].Queue(item));
            newSwitches = SwitchesOf(Queues, (number, item) => present[number].Queue(item));
        });
        kernel.RunAll();
        Assert.True(oldSwitches >= Queues, $"{oldSwitches} switches");
        Assert.True(newSwitches < oldSwitches, $"{oldSwitches} switches against {newSwitches}");
    });

    // All are queued at once, as an interrupt would; then a sleep until all have run.
    private static long SwitchesOf(int count, Action<int, WorkItem> queue)
    {
        var left = count;
        var done = new Completion();
        var start = RunQueue.Of(0).Switches;
        Preemption.Disable();
        for (var i = 0; i < count; i++)
        {
            queue(i, new WorkItem(_ =>
            {
                if (--left == 0)
                    done.Complete();
            }, null));
        }

        Preemption.Enable();
        done.Wait();
        return RunQueue.Of(0).Switches - start;
    }
}
