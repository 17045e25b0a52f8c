// The historical task queues and bottom halves under every interleaving, and twins that break their rules.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class TaskQueueTests
{
    /// <summary>A task queue in small that calls its entries before it unlinks them.</summary>
    private sealed class UnlinksLate
    {
        private readonly List<TaskQueueEntry> _entries = new();
        private readonly Dictionary<TaskQueueEntry, Action> _routines = new();

        public bool Queue(TaskQueueEntry entry, Action routine)
        {
            if (!entry.TrySetSync())
                return false;
            _routines[entry] = routine;
            _entries.Add(entry);
            return true;
        }

        public void Run()
        {
            for (var i = 0; i < _entries.Count; i++)
            {
                var entry = _entries[i];
                entry.ClearSync();
                _routines[entry]();
            }

            _entries.Clear();
        }
    }

    // Each time an entry is queued it runs once: not never, not twice. Both CPUs queue it and run the queue.
    private static Action<SimMachine> EachQueueingIsOneRun(bool isBroken) => machine =>
    {
        _ = new SchedulerKernel(machine);
        int queued = 0, runs = 0;
        Action routine = () => { runs++; Cpu.Interleave(); };
        var entry = new TaskQueueEntry(_ => routine());
        var queue = new TaskQueue();
        var broken = new UnlinksLate();
        Action both = () =>
        {
            for (var i = 0; i < 2; i++)
            {
                if (isBroken ? broken.Queue(entry, routine) : queue.Queue(entry))
                    Interlocked.Increment(ref queued);
                Cpu.Interleave();
                if (isBroken)
                    broken.Run();
                else
                    queue.Run();
            }
        };
        machine.RunBodies(both, both);
        queue.Run();
        broken.Run();
        Assert.Equal(queued, runs);
        Assert.False(entry.IsQueued);
    };

    [Fact]
    public void Each_queueing_that_says_yes_is_one_run() => Explore.Schedules(cpus: 2, EachQueueingIsOneRun(isBroken: false), schedules: 600);

    [Fact]
    public void All_schedules_of_two_CPUs_run_each_entry_once() => Assert.True(Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2 }, Schedules = 50_000, Strategy = Strategy.Exhaustive, PreemptionBound = 2 },
        EachQueueingIsOneRun(isBroken: false)).IsComplete);

    [Fact]
    public void Running_a_queue_without_unlinking_it_first_is_caught() => Explore.FindsFailure(cpus: 2, EachQueueingIsOneRun(isBroken: true));

    [Fact]
    public void An_entry_may_queue_itself_again_and_waits_for_the_next_run() => Explore.Schedules(cpus: 1, machine =>
    {
        _ = new SchedulerKernel(machine);
        var runs = 0;
        var queue = new TaskQueue();
        TaskQueueEntry entry = null!;
        entry = new TaskQueueEntry(_ => { runs++; Assert.True(queue.Queue(entry)); Assert.False(queue.Queue(entry)); });
        machine.RunBodies(() =>
        {
            Assert.True(queue.Queue(entry));
            queue.Run();
            Assert.Equal(1, runs);
            queue.Run();
            Assert.Equal(2, runs);
            Assert.True(queue.IsActive);
        });
    }, schedules: 20);

    [Fact]
    public void A_task_that_marks_runs_the_bottom_half_before_it_sleeps_or_leaves_the_kernel() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        int immediate = 0, scheduled = 0;
        var first = new TaskQueueEntry(_ => { Assert.True(Context.InSoftirq); immediate++; });
        var second = new TaskQueueEntry(_ => { Assert.True(Context.InSoftirq); scheduled++; });
        kernel.Spawn("marker", () =>
        {
            Assert.True(TaskQueue.Immediate.Queue(first));
            BottomHalf.Mark(BottomHalf.Immediate);
            BottomHalf.Mark(BottomHalf.Immediate);
            Assert.True(TaskQueue.Scheduler.Queue(second));
            Scheduler.Yield();
            Assert.Equal((1, 1), (immediate, scheduled));
            TaskQueue.Immediate.Queue(first);
            BottomHalf.Mark(BottomHalf.Immediate);
            TaskQueue.Scheduler.Queue(second);
            var user = default(UserRegisters);
            Cpu.DisableInterrupts();
            ReturnPath.ToUser(ref user);
            Cpu.EnableInterrupts();
            Assert.Equal((2, 2), (immediate, scheduled));
        }, CpuSet.Of(0));
        kernel.RunAll();
    }, schedules: 300);

    [Fact]
    public void A_top_half_marks_and_the_end_of_its_interrupt_runs_the_bottom_half() => Explore.Schedules(InEvenTime(cpus: 1, schedules: 100), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var inTopHalf = false;
        var runs = 0;
        var entry = new TaskQueueEntry(_ => { Assert.False(inTopHalf); runs++; });
        InterruptTable.Register(InterruptLine.Serial, "test", () =>
        {
            inTopHalf = true;
            TaskQueue.Immediate.Queue(entry);
            BottomHalf.Mark(BottomHalf.Immediate);
            Cpu.Interleave();
            Assert.Equal(0, runs);
            inTopHalf = false;
        });
        kernel.Spawn("interrupted", () =>
        {
            machine.Raise(0, PendingInterrupts.Serial);
            while (InterruptTable.CountOf(InterruptLine.Serial, 0) == 0)
                Cpu.Interleave();
            Assert.Equal(1, runs);
        });
        kernel.RunAll();
    });

    [Fact]
    public void The_timer_queue_runs_within_a_tick_also_when_all_CPUs_idle() => Explore.Schedules(InEvenTime(cpus: 2, schedules: 200), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        long queuedAt = 0, ranAt = 0;
        var entry = new TaskQueueEntry(_ => ranAt = Clock.Now);
        kernel.Spawn("queuer", () =>
        {
            queuedAt = Clock.Now;
            TaskQueue.Timer.Queue(entry);
        });
        kernel.Run();
        Assert.InRange(ranAt - queuedAt, 0, CpuTimer.TickLength + 200_000);
        Assert.NotEqual(0, ranAt);
    });

    // Time does not leap while a CPU has work: what is said about times holds, and no softirq is left to a daemon that these tests do not have.
    private static ExploreOptions InEvenTime(int cpus, int schedules) =>
        new() { Machine = new SimOptions { Cpus = cpus, TimeLeaps = false }, Schedules = schedules };

    private static Action<SimMachine> OneBottomHalfAtATime(Action<BottomHalfRoutine, BottomHalfRoutine, Action<Action, Action>> make) => machine =>
    {
        _ = new SchedulerKernel(machine);
        int inside = 0, runs = 0;
        BottomHalfRoutine routine = () =>
        {
            Assert.Equal(1, ++inside);
            Cpu.Interleave();
            inside--;
            Interlocked.Increment(ref runs);
        };
        make(routine, routine, (markOne, markOther) =>
        {
            machine.RunBodies(() => { markOne(); Softirq.RunPending(); }, () => { markOther(); Softirq.RunPending(); });
            Assert.Equal(2, runs);
        });
    };

    [Fact]
    public void One_bottom_half_runs_at_a_time_on_the_whole_machine() => Explore.Schedules(cpus: 2, OneBottomHalfAtATime(static (one, other, run) =>
    {
        BottomHalf.Register(30, one);
        BottomHalf.Register(31, other);
        run(static () => BottomHalf.Mark(30), static () => BottomHalf.Mark(31));
    }), schedules: 500);

    [Fact]
    public void Without_the_one_lock_two_bottom_halves_run_at_once() => Explore.FindsFailure(cpus: 2, OneBottomHalfAtATime(static (one, other, run) =>
    {
        var first = new Tasklet(_ => one());
        var second = new Tasklet(_ => other());
        run(() => first.ScheduleHigh(), () => second.ScheduleHigh());
    }));

    private static Action<SimMachine> FlushingWaits(Action<TaskQueue> flush) => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var queue = new TaskQueue();
        var done = 0;
        var slow = TaskQueueEntry.ForProcess(_ =>
        {
            Scheduler.Yield();
            done++;
        });
        kernel.Spawn("server", () =>
        {
            while (!queue.IsActive)
                Scheduler.Yield();
            queue.RunInProcess();
        });
        kernel.Spawn("flusher", () =>
        {
            queue.Queue(slow);
            flush(queue);
            Assert.Equal(1, done);
        });
        kernel.RunAll();
    };

    [Fact]
    public void A_flush_that_looks_only_whether_the_queue_is_empty_is_caught()
    {
        Explore.FindsFailure(cpus: 2, FlushingWaits(static queue =>
        {
            while (queue.IsActive)
                Scheduler.Yield();
        }));
        Explore.Schedules(cpus: 2, FlushingWaits(static queue =>
        {
            for (var queued = queue.Queued; queue.Finished < queued;)
                Scheduler.Yield();
        }), schedules: 300);
    }

    [Fact]
    public void Keventd_calls_what_may_sleep_and_flushing_waits_for_all_of_it() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var calls = 0;
        Func<bool[], TaskQueueEntry> make = done => TaskQueueEntry.ForProcess(_ =>
        {
            Assert.True(ContextQueue.IsServedByCurrent && Context.InProcess);
            Sleep.For(10_000);
            done[0] = true;
            calls++;
        });
        kernel.Spawn("keventd", () => ContextQueue.Serve());
        for (var i = 0; i < 2; i++)
        {
            var done = new bool[1];
            var entry = make(done);
            kernel.Spawn($"user{i}", () =>
            {
                Assert.True(ContextQueue.Schedule(entry));
                ContextQueue.Flush();
                Assert.True(done[0]);
                Assert.False(entry.IsQueued);
            });
        }

        kernel.Run();
        Assert.Equal(2, calls);
        Assert.Equal(2, kernel.Exited.Count);
    }, schedules: 300);
}
