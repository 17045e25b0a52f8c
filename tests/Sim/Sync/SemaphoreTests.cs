// Semaphores of both kinds and completions: units and shares are neither lost nor made, whatever signals and time-outs come in between.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Semaphore = Jiffy.Kernel.Sync.Semaphore;

namespace Jiffy.Tests.Sim.Sync;

public sealed partial class SleepingLockTests
{
    // A sleeper whose time-out, signal and unit may come at any step; the unit is had by it, or is there in the end.
    private static Action<SimMachine> UnitSignalAndTimeOut => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        var semaphore = new Semaphore(0);
        var result = Errno.EINVAL;
        var sleeper = kernel.Spawn("sleeper", small.Part(() => result = semaphore.DownUntil(TimeKeeper.Monotonic + 1_000, TaskState.Interruptible)), CpuSet.Of(0));
        kernel.Spawn("giver", small.Part(semaphore.Up), CpuSet.Of(1));
        kernel.Spawn("signaller", small.Part(() => Signal(sleeper)), CpuSet.Of(1));
        kernel.RunAll();
        Assert.True(result is Errno.None or Errno.ETIMEDOUT or Errno.ERESTARTSYS);
        Assert.Equal(result == Errno.None ? 0 : 1, semaphore.Count);
    };

    [Fact]
    public void All_schedules_of_a_unit_a_signal_and_a_time_out_keep_the_unit()
    {
        Explore.All(UnitSignalAndTimeOut, Explore.Bound(1, 2));
        With(LockFault.GrantGivenUpBlindly, () => Explore.AllFindFailure(UnitSignalAndTimeOut));
    }

    private static Action<SimMachine> ThreeDowns => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        var semaphore = new Semaphore(0);
        var downs = 0;
        kernel.Spawn("down0", small.Part(() => { semaphore.Down(); downs++; }), CpuSet.Of(0));
        kernel.Spawn("up", small.Part(() => { semaphore.Up(); semaphore.Up(); }), CpuSet.Of(1));
        kernel.Spawn("down1", small.Part(() => { semaphore.Down(); downs++; }), CpuSet.Of(1));
        kernel.RunAll();
        Assert.Equal(2, downs);
        Assert.Equal(0, semaphore.Count);
    };

    [Fact]
    public void All_schedules_of_units_given_and_taken_wake_every_sleeper()
    {
        Explore.All(ThreeDowns, Explore.Bound(1, 2));
        With(LockFault.GrantAfterWake, () => Explore.AllFindFailure(ThreeDowns));
    }

    [Theory]
    [InlineData(Strategy.Mixed)]
    [InlineData(Strategy.PriorityChanges)]
    public void Never_more_are_inside_than_there_are_units(Strategy strategy) => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var semaphore = new Semaphore(2);
        int inside = 0, passed = 0;
        Task? victim = null;
        for (var i = 0; i < 4; i++)
        {
            var number = i;
            var task = kernel.Spawn($"user{i}", () =>
            {
                var result = number switch
                {
                    0 => semaphore.Down(TaskState.Interruptible),
                    1 => semaphore.DownUntil(TimeKeeper.Monotonic + 20_000),
                    2 => semaphore.TryDown() ? Errno.None : Errno.EAGAIN,
                    _ => semaphore.Down(),
                };
                if (result != Errno.None)
                    return;
                Assert.InRange(++inside, 1, 2);
                Scheduler.Yield();
                inside--;
                passed++;
                semaphore.Up();
            });
            victim ??= task;
        }

        kernel.Spawn("signaller", () => Signal(victim!));
        kernel.RunAll();
        Assert.InRange(passed, 1, 4);
        Assert.Equal(2, semaphore.Count);
    }, schedules: 1000, strategy);

    [Fact]
    public void Units_go_to_who_sleeps_longest() => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var semaphore = new Semaphore(0);
        var order = "";
        var sleepers = new Task[3];
        for (var i = 0; i < 3; i++)
        {
            var name = i.ToString();
            sleepers[i] = kernel.Spawn($"down{i}", () => { semaphore.Down(); order += name; });
        }

        kernel.Spawn("up", () =>
        {
            while (!Array.TrueForAll(sleepers, static task => task.State == TaskState.Uninterruptible))
                Sleep.For(1_000_000, TaskState.Uninterruptible); // until all of them are queued
            for (var i = 0; i < 3; i++)
            {
                semaphore.Up();
                Assert.False(semaphore.TryDown(), "a unit that a sleeper waits for was there for somebody else");
            }
        });
        kernel.RunAll();
        Assert.Equal(3, order.Length);
    }, schedules: 300);

    private sealed class Shared
    {
        public readonly ReadWriteSemaphore<Rank> Semaphore = new();
        public int Value, Readers, Writers;

        public void Read()
        {
            using (Semaphore.AcquireRead())
                Look();
        }

        public void ReadUnlessSignalled()
        {
            if (Semaphore.AcquireReadInterruptible() != Errno.None)
                return;
            Look();
            Semaphore.ReleaseRead();
        }

        public void Write()
        {
            using (Semaphore.AcquireWrite())
                Change();
        }

        public void WriteUnlessSignalled()
        {
            if (Semaphore.AcquireWriteInterruptible() != Errno.None)
                return;
            Change();
            Semaphore.ReleaseWrite();
        }

        public void WriteThenRead()
        {
            Semaphore.AcquireWrite();
            Change();
            Semaphore.Downgrade();
            var value = Value;
            Look();
            Assert.Equal(value, Value);
            Semaphore.ReleaseRead();
        }

        public void Change()
        {
            Assert.Equal(0, Readers);
            Assert.Equal(1, ++Writers);
            var value = Value;
            Cpu.Interleave();
            Value = value + 1;
            Assert.Equal(0, Readers);
            Writers--;
        }

        public void Look()
        {
            Assert.Equal(0, Writers);
            Readers++;
            Cpu.Interleave();
            Assert.Equal(0, Writers);
            Readers--;
        }
    }

    private static Action<SimMachine> ReaderAndTwoWriters => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        kernel.Spawn("writer0", small.Part(shared.WriteThenRead), CpuSet.Of(0));
        kernel.Spawn("writer1", small.Part(shared.Write), CpuSet.Of(1));
        kernel.Spawn("reader", small.Part(shared.Read), CpuSet.Of(1));
        kernel.RunAll();
        Assert.Equal(2, shared.Value);
        Assert.False(shared.Semaphore.IsHeld);
    };

    [Fact]
    public void All_schedules_of_a_reader_and_two_writers_keep_them_apart() => Explore.All(ReaderAndTwoWriters, Explore.Bound(1, 2));

    private static Action<SimMachine> ManyOfEach => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        kernel.Spawn("writer", () => { shared.Write(); shared.WriteThenRead(); });
        kernel.Spawn("reader0", () => { shared.Read(); Scheduler.Yield(); shared.Read(); });
        kernel.Spawn("reader1", () => { shared.Read(); shared.Write(); });
        kernel.Spawn("both", () => { shared.WriteThenRead(); shared.Read(); });
        kernel.Spawn("sleeper", () =>
        {
            using (shared.Semaphore.AcquireWrite())
            {
                Scheduler.Yield();
                shared.Change();
            }
        });
        var signalled = kernel.Spawn("signalled", shared.WriteUnlessSignalled);
        var disturbed = kernel.Spawn("disturbed", shared.ReadUnlessSignalled);
        kernel.Spawn("signaller", () => { Signal(signalled); Signal(disturbed); });
        kernel.RunAll();
        Assert.InRange(shared.Value, 5, 6);
        Assert.False(shared.Semaphore.IsHeld);
    };

    [Theory]
    [InlineData(1, Strategy.Mixed)]
    [InlineData(2, Strategy.Mixed)]
    [InlineData(3, Strategy.Mixed)]
    [InlineData(2, Strategy.PriorityChanges)]
    public void Readers_and_writers_come_through_whatever_signals_come(int cpus, Strategy strategy) =>
        Explore.Schedules(cpus, ManyOfEach, schedules: 500, strategy);

    [Theory]
    [InlineData(LockFault.SleeperLooksTooEarly)]
    [InlineData(LockFault.GrantAfterWake)]
    [InlineData(LockFault.GrantGivenUpBlindly)]
    internal void A_broken_semaphore_of_readers_and_writers_is_caught(LockFault broken) =>
        With(broken, () => Explore.FindsFailure(cpus: 2, ManyOfEach, schedules: 20_000));

    // A writer that waits behind a reader, and a reader behind that: when the writer gives up the second reader goes on with the first.
    private static Action<SimMachine> WriterGoes => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        var isIn = false;
        Task? reader = null;
        var writer = kernel.Spawn("writer", () =>
        {
            while (!isIn)
                Scheduler.Yield();
            shared.WriteUnlessSignalled();
        });
        reader = kernel.Spawn("reader", () =>
        {
            while (!isIn)
                Scheduler.Yield();
            shared.Read();
        });
        kernel.Spawn("first", () =>
        {
            using (shared.Semaphore.AcquireRead())
            {
                isIn = true;
                Scheduler.Yield();
                Signal(writer);
                Sleep.For(10_000_000, TaskState.Uninterruptible);
                Assert.True(kernel.HasExited(reader!) || !kernel.HasExited(writer), "a reader sleeps behind a writer that has gone");
            }
        });
        kernel.RunAll();
    };

    [Fact]
    public void A_writer_that_gives_up_lets_the_readers_behind_it_in()
    {
        var options = new ExploreOptions { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 500 };
        Explore.Schedules(options, WriterGoes);
        With(LockFault.WriterGoesSilently, () => Explore.FindsFailure(options, WriterGoes));
    }

    // A reader that comes when the writer already sleeps is behind it.
    [Theory]
    [InlineData(Strategy.Mixed)]
    [InlineData(Strategy.PriorityChanges)]
    public void Readers_that_follow_each_other_do_not_pass_a_writer_that_sleeps(Strategy strategy) => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        var passed = 0;
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"reader{i}", () =>
            {
                for (var round = 0; round < 6; round++)
                {
                    var isContended = shared.Semaphore.IsContended;
                    using (shared.Semaphore.AcquireRead())
                    {
                        if (isContended && shared.Value == 0)
                            passed++;
                        Scheduler.Yield();
                    }
                }
            });
        }

        kernel.Spawn("writer", shared.Write);
        kernel.RunAll();
        Assert.Equal(1, shared.Value);
        Assert.Equal(0, passed);
    }, schedules: 400, strategy);

    private static Action<SimMachine> CompletionSignalAndTimeOut(bool wakesFirst) => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        var completion = new Completion();
        var twin = new HastyCompletion();
        var result = Errno.EINVAL;
        var waiter = kernel.Spawn("waiter", small.Part(() =>
            result = wakesFirst ? twin.Wait() : completion.WaitUntil(TimeKeeper.Monotonic + 1_000, TaskState.Interruptible)), CpuSet.Of(0));
        kernel.Spawn("completer", small.Part(() =>
        {
            if (wakesFirst)
                twin.Complete();
            else
                completion.Complete();
        }), CpuSet.Of(1));
        kernel.Spawn("signaller", small.Part(() =>
        {
            if (!wakesFirst)
                Signal(waiter);
        }), CpuSet.Of(1));
        kernel.RunAll();
        Assert.True(result is Errno.None or Errno.ETIMEDOUT or Errno.ERESTARTSYS);
        Assert.True(wakesFirst || completion.IsDone == (result != Errno.None), "a completion was lost or made");
    };

    private sealed class HastyCompletion
    {
        private readonly WaitQueue _waiters = new();
        private bool _isDone;

        public void Complete()
        {
            _waiters.WakeUp();
            Cpu.Interleave();
            _isDone = true;
        }

        public Errno Wait() => _waiters.WaitEvent(this, static c => c._isDone, TaskState.Uninterruptible, exclusive: true);
    }

    [Fact]
    public void All_schedules_of_a_completion_a_signal_and_a_time_out_keep_the_completion()
    {
        Explore.All(CompletionSignalAndTimeOut(wakesFirst: false), Explore.Bound(1, 2));
        Explore.AllFindFailure(CompletionSignalAndTimeOut(wakesFirst: true));
    }

    [Fact]
    public void Completing_all_lets_everybody_go_for_ever() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var completion = new Completion();
        var gone = 0;
        for (var i = 0; i < 3; i++)
            kernel.Spawn($"waiter{i}", () => { completion.Wait(); Interlocked.Increment(ref gone); Assert.True(completion.TryWait()); });
        kernel.Spawn("completer", completion.CompleteAll);
        kernel.RunAll();
        Assert.Equal(3, gone);
        Assert.True(completion.IsDone);
        completion.Reset();
        Assert.False(completion.TryWait());
    }, schedules: 500);
}
