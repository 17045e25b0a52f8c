// The managed work queues under every interleaving: no run is lost, waits wait, an item runs once at a time, sleepers let others work. Each claim has a
// broken twin (BrokenTwin) that the explorer must catch.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed partial class WorkQueueTests
{
    private static ExploreOptions Options(int cpus, int schedules = 300, Strategy strategy = Strategy.Mixed, int bound = 2, bool leaps = true) => new()
    {
        Machine = new SimOptions { Cpus = cpus, MemoryBytes = 8 << 20, TimeLeaps = leaps },
        Schedules = schedules,
        Strategy = strategy,
        PreemptionBound = bound,
    };

    private static WorkQueue Make(ReadOnlySpan<byte> name, WorkQueueFlags flags = WorkQueueFlags.None, int maxActive = 0)
    {
        Assert.True(WorkQueue.Create(name, flags, maxActive).TryGet(out var queue));
        return queue;
    }

    // What a handler must see, and that it does not run twice at once.
    private sealed class Job
    {
        public readonly DelayedWork Item;
        public readonly Completion Gate = new();
        public int Asked, Seen, Runs, Inside;
        public Action? Body;

        public Job(Action? body = null)
        {
            Body = body;
            Item = new DelayedWork(static item => ((Job)item.Owner!).Handle(), this);
        }

        private void Handle()
        {
            Assert.Equal(1, ++Inside);
            Cpu.Interleave();
            Seen = Asked;
            Runs++;
            Body?.Invoke();
            Cpu.Interleave();
            Inside--;
        }

        public bool Ask(WorkQueue queue)
        {
            Asked++;
            return queue.Queue(Item);
        }
    }

    private static void QueueFromTwo(SimMachine machine, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        var job = new Job();
        for (var i = 0; i < 2; i++)
            kernel.Spawn($"queuer{i}", () => job.Ask(WorkQueues.Events), cpu: i % machine.Options.Cpus);
        kernel.RunAll();
        Assert.False(job.Item.IsPending);
        Assert.True(job.Seen == 2, "a request was forgotten");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_request_is_seen_by_a_run_that_follows_it(int cpus) => Explore.Schedules(Options(cpus), machine => QueueFromTwo(machine));

    [Fact]
    public void PENDING_cleared_after_the_handler_loses_a_run() =>
        Explore.FindsFailure(Options(2, 3000), machine => QueueFromTwo(machine, Mistake.ClearsPendingLate));

    private static void FlushAlone(SimMachine machine, bool flushQueue, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        var ended = 0;
        var job = new Job();
        job.Body = () =>
        {
            if (job.Runs < 3)
                WorkQueues.Events.Queue(job.Item); // itself again: a flush waits for what came before it, not for ever
            Scheduler.Yield();
            ended++;
        };
        kernel.Spawn("flusher", () =>
        {
            job.Ask(WorkQueues.Events);
            Assert.Equal(Errno.None, flushQueue ? WorkQueues.Events.Flush() : job.Item.Flush());
            Assert.True(ended >= 1, "the flush came back before the handler ended");
        });
        kernel.RunAll();
        Assert.Equal(3, job.Runs);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    public void A_flush_waits_for_what_was_queued_before_and_not_for_what_queues_itself(int cpus, bool flushQueue) =>
        Explore.Schedules(Options(cpus), machine => FlushAlone(machine, flushQueue));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_flush_without_a_barrier_comes_back_too_early(bool flushQueue) =>
        Explore.FindsFailure(Options(2, 3000), machine => FlushAlone(machine, flushQueue, Mistake.FlushesWithoutBarrier));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Several_may_flush_at_once(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        var jobs = new[] { new Job(), new Job(), new Job() };
        for (var i = 0; i < 3; i++)
        {
            var job = jobs[i];
            var late = i;
            kernel.Spawn($"flusher{i}", () =>
            {
                job.Ask(WorkQueues.UnboundEvents);
                Assert.Equal(Errno.None, late == 2 ? job.Item.Flush() : WorkQueues.UnboundEvents.Flush());
                Assert.Equal(1, job.Runs);
            });
        }

        kernel.RunAll();
    });

    private static void CancelAgainstItself(SimMachine machine, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        var job = new Job();
        var alive = true;
        job.Body = () =>
        {
            Assert.True(alive, "the handler runs although it was cancelled");
            if (job.Runs < 50)
                WorkQueues.Events.Queue(job.Item);
            Scheduler.Yield();
            Assert.True(alive, "the handler goes on although it was cancelled");
        };
        kernel.Spawn("canceller", () =>
        {
            job.Ask(WorkQueues.Events);
            Scheduler.Yield();
            job.Item.CancelAndWait();
            alive = false;
            Assert.False(job.Item.IsPending);
        });
        kernel.RunAll();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void After_a_cancel_an_item_neither_runs_nor_waits_even_if_it_queues_itself(int cpus) =>
        Explore.Schedules(Options(cpus), machine => CancelAgainstItself(machine));

    [Fact]
    public void A_cancel_that_does_not_wait_is_found() =>
        Explore.FindsFailure(Options(2, 3000), machine => CancelAgainstItself(machine, Mistake.CancelsWithoutWaiting));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Cancel_modify_and_the_timer_share_a_delayed_item(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        var job = new Job();
        kernel.Spawn("starter", () =>
        {
            WorkQueues.Events.QueueDelayed(job.Item, 1);
            WorkQueues.Events.ModifyDelayed(job.Item, 2);
        });
        kernel.Spawn("modifier", () => WorkQueues.Events.ModifyDelayedOn(cpus - 1, job.Item, 0), cpu: cpus - 1);
        kernel.Spawn("canceller", () =>
        {
            job.Item.CancelAndWait();
            WorkQueues.Events.QueueDelayed(job.Item, 3);
            Assert.Equal(Errno.None, job.Item.Flush());
        });
        kernel.RunAll();
        Assert.False(job.Item.IsPending);
        Assert.False(job.Item.IsDisabled);
        Assert.InRange(job.Runs, 1, 4);
    });

    [Fact]
    public void A_delayed_item_runs_once_and_not_early() => Explore.Schedules(Options(2), machine =>
    {
        var kernel = new WorkKernel(machine);
        var job = new Job();
        var start = 0L;
        job.Body = () => Assert.True(Jiffies.Now >= start + 5);
        kernel.Spawn("starter", () =>
        {
            start = Jiffies.Now;
            Assert.True(WorkQueues.Events.QueueDelayed(job.Item, 5));
            Assert.False(WorkQueues.Events.Queue(job.Item));
        });
        kernel.RunAll();
        Assert.Equal(1, job.Runs);
    });

    private static void QueueOnTwoCpus(SimMachine machine, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        var job = new Job(() => Scheduler.Yield());
        for (var i = 0; i < 2; i++)
        {
            var cpu = i;
            kernel.Spawn($"queuer{i}", () =>
            {
                WorkQueues.Events.QueueOn(cpu, job.Item);
                Scheduler.Yield();
                WorkQueues.Events.QueueOn(1 - cpu, job.Item);
            }, cpu);
        }

        kernel.RunAll(); // Job looks whether it is inside already
    }

    [Fact]
    public void An_item_never_runs_twice_at_once() => Explore.Schedules(Options(2, 600), machine => QueueOnTwoCpus(machine));

    [Fact]
    public void An_item_that_is_queued_without_a_look_where_it_runs_runs_twice_at_once() =>
        Explore.FindsFailure(Options(2, 3000), machine => QueueOnTwoCpus(machine, Mistake.RunsTwiceAtOnce));

    private static void SleeperLetsNextRun(SimMachine machine, Mistake mistake = Mistake.None)
    {
        var kernel = new WorkKernel(machine) { Mistake = mistake };
        var first = new Job();
        first.Body = () => first.Gate.Wait();
        var second = new Job(() => first.Gate.Complete()); // behind the first, on the same CPU: runs only because that one sleeps
        kernel.Spawn("queuer", () =>
        {
            WorkQueues.Events.QueueOn(0, first.Item);
            WorkQueues.Events.QueueOn(0, second.Item);
            Assert.Equal(Errno.None, WorkQueues.Events.Flush());
            Assert.Equal(1, first.Runs);
            Assert.Equal(1, second.Runs);
        });
        kernel.RunAll();
        Assert.Equal(0, WorkQueues.PoolFor(0, isHighPriority: false).Running);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_worker_that_sleeps_lets_the_next_one_run(int cpus) => Explore.Schedules(Options(cpus), machine => SleeperLetsNextRun(machine));

    [Fact]
    public void A_worker_that_still_counts_when_it_sleeps_holds_all_up() =>
        Explore.FindsFailure(Options(1, 100), machine => SleeperLetsNextRun(machine, Mistake.SleepsUncounted));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_worker_that_computes_holds_the_others_back(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        var inside = 0;
        var jobs = new List<Job>();
        for (var i = 0; i < 4; i++)
        {
            jobs.Add(new Job(() =>
            {
                Assert.Equal(1, ++inside);
                for (var step = 0; step < 5; step++)
                    Cpu.Interleave();
                inside--;
            }));
        }

        kernel.Spawn("queuer", () =>
        {
            foreach (var job in jobs)
                WorkQueues.Events.QueueOn(0, job.Item);
        });
        kernel.RunAll();
        Assert.InRange(WorkQueues.PoolFor(0, isHighPriority: false).Workers, 1, 3);
    });

    [Theory]
    [InlineData(WorkQueueFlags.Unbound)]
    [InlineData(WorkQueueFlags.CpuIntensive)]
    public void Items_of_unbound_and_CPU_intensive_queues_hold_nobody_back(WorkQueueFlags flags) => Explore.Schedules(Options(1, 100), machine =>
    {
        var kernel = new WorkKernel(machine);
        WorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("long"u8, flags);
        var released = false;
        var first = new Job(() =>
        {
            while (!Volatile.Read(ref released))
            {
                Cpu.Relax();
                Scheduler.Yield(); // runnable all the time, never asleep
            }
        });
        var second = new Job(() => Volatile.Write(ref released, true));
        kernel.Spawn("queuer", () =>
        {
            queue.QueueOn(0, first.Item);
            (flags == WorkQueueFlags.Unbound ? queue : WorkQueues.Events).QueueOn(0, second.Item);
            Assert.Equal(Errno.None, queue.Flush());
        });
        kernel.RunAll();
        Assert.Equal(1, first.Runs);
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void No_more_items_are_active_than_the_queue_allows(int cpus, int most) => Explore.Schedules(Options(cpus, 150), machine =>
    {
        var kernel = new WorkKernel(machine);
        WorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("few"u8, WorkQueueFlags.Unbound, most);
        int inside = 0, greatest = 0, ran = 0;
        var jobs = new List<Job>();
        for (var i = 0; i < 4; i++)
        {
            jobs.Add(new Job(() =>
            {
                greatest = Math.Max(greatest, ++inside);
                Scheduler.Yield();
                inside--;
                ran++;
            }));
        }

        kernel.Spawn("queuer", () =>
        {
            foreach (var job in jobs)
                queue.Queue(job.Item);
            jobs[3].Item.Cancel();
            queue.Queue(jobs[3].Item);
            Assert.Equal(Errno.None, queue.Flush());
            Assert.InRange(ran, 4, 5); // the last one may have run before it was cancelled, and once more
        });
        kernel.RunAll();
        Assert.InRange(greatest, 1, most);
        Assert.True(queue.IsEmpty);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_ordered_queue_keeps_the_order(int cpus) => Explore.Schedules(Options(cpus, 200), machine =>
    {
        var kernel = new WorkKernel(machine);
        WorkQueue queue = null!;
        kernel.OnReady = () => Assert.True(WorkQueue.CreateOrdered("ordered"u8).TryGet(out queue));
        var order = new List<int>();
        var inside = 0;
        var jobs = new Job[4];
        for (var i = 0; i < jobs.Length; i++)
        {
            var number = i;
            jobs[i] = new Job(() =>
            {
                Assert.Equal(1, ++inside);
                Scheduler.Yield();
                order.Add(number);
                inside--;
            });
        }

        kernel.Spawn("queuer", () =>
        {
            foreach (var job in jobs)
                queue.QueueOn(job == jobs[2] ? cpus - 1 : 0, job.Item);
            Assert.Equal(Errno.EINVAL, queue.SetMaxActive(2));
            Assert.Equal(Errno.None, queue.Destroy());
            Assert.Equal([0, 1, 2, 3], order);
        });
        kernel.RunAll();
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_drain_lets_items_queue_their_successors_and_nobody_else(int cpus) => Explore.Schedules(Options(cpus, 200), machine =>
    {
        var kernel = new WorkKernel(machine);
        WorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("drained"u8);
        var outsider = new Job();
        var chain = new Job();
        var drained = false;
        chain.Body = () =>
        {
            Assert.False(drained);
            if (chain.Runs < 4)
                Assert.True(queue.Queue(chain.Item));
        };
        var refused = 0;
        var drainIsAskedFor = false;
        var cameBefore = false;
        kernel.Spawn("drainer", () =>
        {
            queue.Queue(chain.Item);
            drainIsAskedFor = true;
            Assert.Equal(Errno.None, queue.Drain());
            drained = true;
            Assert.Equal(4, chain.Runs);
            Assert.True(!cameBefore || outsider.Runs == 1);
        });
        kernel.Spawn("outsider", () =>
        {
            if (!queue.Queue(outsider.Item))
                refused = 1;
            else
                cameBefore = !drainIsAskedFor;
        }, cpu: cpus - 1);
        kernel.RunAll();
        Assert.Equal(1, outsider.Runs + refused);
        Assert.True(queue.IsEmpty);
    });
}
