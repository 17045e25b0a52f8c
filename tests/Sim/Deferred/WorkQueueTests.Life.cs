// Managed work queues, their life and that of their workers: made and ended, grown and shrunk, rescued, frozen, told of.
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
