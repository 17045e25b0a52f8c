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

public sealed class WorkQueueTests
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

    [Fact]
    public void Queues_come_and_go_up_to_their_limit() => Explore.Schedules(Options(1, 2), machine =>
    {
        var kernel = new WorkKernel(machine);
        kernel.Spawn("maker", () =>
        {
            var made = new List<WorkQueue>();
            Errno error;
            while (true)
            {
                var result = WorkQueue.Create("one"u8);
                error = result.Error;
                if (!result.TryGet(out var queue))
                    break;
                made.Add(queue);
            }

            Assert.Equal(Errno.ENOMEM, error);
            Assert.Equal(WorkQueues.MostQueues, WorkQueue.Pool.Used);
            foreach (var queue in made)
                Assert.Equal(Errno.None, queue.Destroy());
            Assert.Equal(WorkQueues.MostQueues - made.Count, WorkQueue.Pool.Used);
            Assert.Equal(Errno.EINVAL, WorkQueue.Create(""u8).Error);
            Assert.Equal(Errno.EINVAL, WorkQueue.Create("x"u8, maxActive: -1).Error);
            Assert.Equal(Errno.EINVAL, WorkQueue.Create("x"u8, WorkQueueFlags.Ordered).Error);
            Assert.Equal(Errno.EINVAL, WorkQueue.CreateOrdered("x"u8, WorkQueueFlags.CpuIntensive).Error);
        });
        kernel.RunAll();
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void When_no_worker_can_be_made_the_rescuer_helps(int cpus) => Explore.Schedules(Options(cpus, 100), machine =>
    {
        var kernel = new WorkKernel(machine);
        WorkQueue queue = null!;
        kernel.OnReady = () => queue = Make("reclaim"u8, WorkQueueFlags.MemoryReclaim);
        var blocker = new Job();
        blocker.Body = () => blocker.Gate.Wait();
        var frees = new Job(() =>
        {
            Assert.StartsWith("reclaim", System.Text.Encoding.ASCII.GetString(Task.Current.Name));
            blocker.Gate.Complete();
        });
        kernel.Spawn("queuer", () =>
        {
            // Every worker sleeps in a handler, and kthreadd gets no memory for the next.
            FaultInjection.Arm(KernelThread.Daemon, 1);
            WorkQueues.Events.QueueOn(0, blocker.Item);
            queue.QueueOn(0, frees.Item);
            Assert.Equal(Errno.None, queue.Flush());
            Assert.Equal(1, frees.Runs);
            Assert.Equal(Errno.None, WorkQueues.Events.Flush());
            Assert.Equal(1, queue.PlaceAt(0).Rescued);
            Assert.Equal(Errno.None, queue.Destroy());
        });
        kernel.RunAll();
        Assert.Equal(1, blocker.Runs);
    });

    private sealed class Packet
    {
        private Links<Packet> _links;
        public readonly WorkItem Item;
        public int Value;

        public static Pool<Packet, Pooled> Pool = null!;
        public static int Sum;

        public Packet()
        {
            Item = new WorkItem(static item =>
            {
                var packet = (Packet)item.Owner!;
                Interlocked.Add(ref Sum, packet.Value);
                packet.Value = -1;
                Pool.Give(packet);
            }, this);
        }

        internal readonly struct Pooled : IPooled<Packet>
        {
            public static ref Links<Packet> Of(Packet item) => ref item._links;
            public static Packet Create() => new();
            public static int Bytes => 128;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_item_may_give_its_memory_back_in_its_handler(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        Packet.Sum = 0;
        kernel.OnReady = () => Packet.Pool = new Pool<Packet, Packet.Pooled>("packet", 2);
        var sent = 0;
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"sender{i}", () =>
            {
                for (var n = 1; n <= 3; n++)
                {
                    // At most two: soon the memory of one that has run is another's, perhaps while its worker is still on its way.
                    if (!Packet.Pool.TryTake(out var packet))
                    {
                        Scheduler.Yield();
                        continue;
                    }

                    packet.Value = n;
                    sent += n;
                    Assert.True(WorkQueues.UnboundEvents.Queue(packet.Item));
                }

                Assert.Equal(Errno.None, WorkQueues.UnboundEvents.Flush());
            }, cpu: i % cpus);
        }

        kernel.RunAll();
        Assert.Equal(sent, Packet.Sum);
        Assert.Equal(0, Packet.Pool.Used);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Frozen_queues_begin_nothing_and_go_on_when_thawed(int cpus) => Explore.Schedules(Options(cpus, 150), machine =>
    {
        var kernel = new WorkKernel(machine);
        var frozen = false;
        var job = new Job(() => Assert.False(frozen));
        var other = new Job();
        kernel.Spawn("freezer", () =>
        {
            WorkQueues.FreezeBegin();
            while (WorkQueues.IsFreezeBusy())
                Scheduler.Yield();
            frozen = true;
            WorkQueues.FreezableEvents.Queue(job.Item);
            other.Ask(WorkQueues.Events);
            WorkQueues.Events.Flush();
            Assert.Equal(1, other.Runs);
            Assert.Equal(0, job.Runs);
            frozen = false;
            WorkQueues.Thaw();
            WorkQueues.FreezableEvents.Flush();
            Assert.Equal(1, job.Runs);
        });
        kernel.RunAll();
    });

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public void Pools_grow_while_items_sleep_and_shrink_when_workers_are_idle_for_long(int cpus, bool isToldFirst) => Explore.Schedules(Options(cpus, 40, leaps: isToldFirst), machine =>
    {
        var kernel = new WorkKernel(machine);
        var gate = new Completion();
        var jobs = new List<Job>();
        for (var i = 0; i < 6; i++)
            jobs.Add(new Job(() => gate.Wait()));
        var pool = (WorkerPool)null!;
        kernel.Spawn("queuer", () =>
        {
            if (isToldFirst)
                WorkQueues.IdleTicks = 100;
            pool = WorkQueues.PoolFor(0, isHighPriority: false);
            foreach (var job in jobs)
                WorkQueues.Events.QueueOn(0, job.Item);
            while (pool.Workers < 6)
                Sleep.For(1_000_000);
            gate.CompleteAll();
            WorkQueues.Events.Flush();
            if (isToldFirst)
                return;

            // Those that rest already, and were to end in five minutes, end sooner, too.
            WorkQueues.IdleTicks = 100;
            var told = Clock.Now;
            while (pool.Workers > 2)
                Sleep.For(10_000_000);
            Assert.True(Clock.Now - told < Jiffies.ToNanoseconds(WorkQueues.UsualIdleTicks / 2));
        });
        kernel.RunAll();
        Assert.Equal(2, pool.Workers);
        Assert.Equal(2, pool.Idle);
        Assert.Equal(0, pool.Running);
    });

    [Fact]
    public void An_item_that_waits_for_its_own_queue_is_told_of_and_goes_on() => Explore.Schedules(Options(2, 30), machine =>
    {
        var kernel = new WorkKernel(machine);
        Errno queue = Errno.None, item = Errno.None;
        var job = new Job();
        job.Body = () =>
        {
            queue = WorkQueues.Events.Flush();
            item = job.Item.Flush();
            job.Item.CancelAndWait();
        };
        kernel.Spawn("queuer", () => job.Ask(WorkQueues.Events));
        kernel.RunAll();
        Assert.Equal(Errno.EDEADLK, queue);
        Assert.Equal(Errno.EDEADLK, item);
        Assert.Equal(2, FlushWaits.Found);
    });

    [Fact]
    public void A_worker_tells_what_it_works_for() => Explore.Schedules(Options(2, 20), machine =>
    {
        var kernel = new WorkKernel(machine);
        Task worker = null!;
        string during = "", said = "";
        var job = new Job(() =>
        {
            worker = Task.Current;
            during = ShownName(worker);
            Worker.SetDescription("cleaning"u8);
            said = ShownName(worker);
        });
        kernel.Spawn("queuer", () =>
        {
            WorkQueues.Events.QueueOn(0, job.Item);
            WorkQueues.Events.Flush();
        });
        kernel.RunAll();
        Assert.StartsWith("kworker/0:", during, StringComparison.Ordinal);
        Assert.EndsWith("+events", during, StringComparison.Ordinal);
        Assert.EndsWith("+cleaning", said, StringComparison.Ordinal);
    });

    private static string ShownName(Task task)
    {
        Span<byte> buffer = stackalloc byte[64];
        var text = new TextWriter(buffer);
        using (TaskTree.Lock.Acquire())
        {
            text.Append(task.Name);
            Worker.AppendDescription(task, ref text);
        }

        return System.Text.Encoding.ASCII.GetString(text.Written);
    }

    [Fact]
    public void A_pool_that_does_not_get_on_is_told_of() => Explore.Schedules(new ExploreOptions
    {
        Machine = new SimOptions { Cpus = 1, MemoryBytes = 8 << 20, TimeLeaps = false, StepNanoseconds = 100_000 },
        Schedules = 2,
    }, machine =>
    {
        var kernel = new WorkKernel(machine) { StallSeconds = 1 };
        var busy = new Job(() =>
        {
            var end = Clock.Now + 3_000_000_000;
            while (Clock.Now < end)
                Cpu.Interleave();
        });
        var waiting = new Job();
        kernel.Spawn("queuer", () =>
        {
            WorkQueues.Events.Queue(busy.Item);
            WorkQueues.Events.Queue(waiting.Item);
        });
        kernel.RunAll();
        Assert.Equal(1, WorkQueues.PoolFor(0, isHighPriority: false).Stalls);
        Assert.Equal(1, waiting.Runs);
    });
}
