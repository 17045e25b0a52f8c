// Mutexes, semaphores, reader-writer semaphores and completions as tasks use them: one writer at a time, no wake-up lost, nobody starves, and
// signals and time-outs come at every step. Each lock has a broken twin, switched on in the kernel (LockFaults), that must be caught.
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
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FileContents;
    }

    private static void With(LockFault fault, Action test)
    {
        LockFaults.Set(fault);
        try
        {
            test();
        }
        finally
        {
            LockFaults.Set(LockFault.None);
        }
    }

    private static void Signal(Task task, int flag = WorkFlag.SignalPending)
    {
        WorkFlag.Set(task, flag);
        Scheduler.TryToWakeUp(task, TaskState.Normal);
    }

    private sealed class Guarded
    {
        public Mutex<Rank> Mutex;
        public int Value, Inside;

        public void Add()
        {
            using (Mutex.Acquire())
                AddInside();
        }

        public void AddUnlessSignalled()
        {
            if (Mutex.AcquireInterruptible() != Errno.None)
                return;
            AddInside();
            Mutex.Release();
        }

        public void AddInside()
        {
            Assert.Equal(1, ++Inside);
            var value = Value;
            Cpu.Interleave();
            Value = value + 1;
            Inside--;
        }
    }

    // Two tasks on CPU 1, the second of which waits while the first is interrupted or sleeps; one on CPU 0.
    private static Action<SimMachine> ThreeAdders => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        var guarded = new Guarded();
        kernel.Spawn("adder0", small.Part(guarded.Add), CpuSet.Of(0));
        kernel.Spawn("adder1", small.Part(guarded.Add), CpuSet.Of(1));
        kernel.Spawn("adder2", small.Part(guarded.Add), CpuSet.Of(1));
        kernel.RunAll();
        Assert.Equal(3, guarded.Value);
        Assert.False(guarded.Mutex.IsHeld);
    };

    [Fact]
    public void All_schedules_of_three_tasks_and_a_mutex_lose_no_wake_up()
    {
        Explore.All(ThreeAdders, Explore.Bound(1, 2));
        With(LockFault.MutexWakesBeforeRelease, () => Explore.FindsFailure(cpus: 2, ManyAdders));
    }

    private static Action<SimMachine> ManyAdders => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var guarded = new Guarded();
        for (var i = 0; i < 4; i++)
            kernel.Spawn($"adder{i}", () => { guarded.Add(); Scheduler.Yield(); guarded.Add(); });
        kernel.RunAll();
        Assert.Equal(8, guarded.Value);
        Assert.False(guarded.Mutex.IsHeld);
    };

    [Theory]
    [InlineData(1, Strategy.Mixed)]
    [InlineData(2, Strategy.Mixed)]
    [InlineData(3, Strategy.Mixed)]
    [InlineData(2, Strategy.PriorityChanges)]
    public void Tasks_that_spin_and_sleep_for_a_mutex_all_get_it(int cpus, Strategy strategy) =>
        Explore.Schedules(cpus, ManyAdders, schedules: 500, strategy);

    // The owner sleeps inside, so that the victim cannot spin; the signal may come at any step of its wait.
    private static Action<SimMachine> SignalAtAnyStep => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        var guarded = new Guarded();
        var victim = kernel.Spawn("victim", small.Part(guarded.AddUnlessSignalled), CpuSet.Of(1));
        kernel.Spawn("owner", small.Part(() =>
        {
            using (guarded.Mutex.Acquire())
            {
                Scheduler.Yield();
                guarded.AddInside();
            }

            using (guarded.Mutex.Acquire())
                guarded.AddInside();
        }), CpuSet.Of(0));
        kernel.Spawn("signaller", small.Part(() => Signal(victim)), CpuSet.Of(0));
        kernel.RunAll();
        Assert.InRange(guarded.Value, 2, 3);
        Assert.False(guarded.Mutex.IsHeld);
    };

    [Fact]
    public void All_schedules_of_a_signal_leave_the_mutex_to_its_owner() => Explore.All(SignalAtAnyStep, Explore.Bound(1, 2));

    // The owner sleeps inside, so that the victim sleeps too and asks for the hand-over; then it signals the victim and releases at once.
    private static Action<SimMachine> HandOverAndSignal => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var guarded = new Guarded();
        var added = 0;
        var victim = kernel.Spawn("victim", () =>
        {
            for (var i = 0; i < 4; i++)
            {
                guarded.AddUnlessSignalled();
                WorkFlag.Clear(Task.Current, WorkFlag.SignalPending);
            }

            guarded.Add();
            added++;
        }, CpuSet.Of(1));
        kernel.Spawn("owner", () =>
        {
            for (var i = 0; i < 6; i++)
            {
                using (guarded.Mutex.Acquire())
                {
                    Sleep.For(1_000, TaskState.Uninterruptible);
                    Scheduler.TryToWakeUp(victim, TaskState.Normal); // it has been passed over
                    Sleep.For(1_000, TaskState.Uninterruptible);
                    Signal(victim);
                }
            }
        }, CpuSet.Of(0));
        kernel.RunAll();
        Assert.Equal(1, added);
        Assert.False(guarded.Mutex.IsHeld);
    };

    [Fact]
    public void A_mutex_handed_over_to_a_task_that_gives_up_is_not_lost()
    {
        Explore.Schedules(cpus: 2, HandOverAndSignal, schedules: 500);
        With(LockFault.MutexGivesUpBlindly, () => Explore.FindsFailure(cpus: 2, HandOverAndSignal, schedules: 20_000));
    }

    private static Action<SimMachine> GreedyAndPatient => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var guarded = new Guarded();
        int greedy = 0;
        bool waits = false, taken = false;
        kernel.Spawn("greedy", () =>
        {
            for (var i = 0; i < 200 && !taken; i++)
            {
                if (waits)
                    greedy++;
                using (guarded.Mutex.Acquire())
                    Scheduler.Yield();
            }
        });
        kernel.Spawn("patient", () =>
        {
            waits = true;
            using (guarded.Mutex.Acquire())
                taken = true;
        });
        kernel.RunAll();
        Assert.InRange(greedy, 0, 20);
    };

    [Fact]
    public void A_mutex_that_is_not_handed_over_starves_a_waiter()
    {
        Explore.Schedules(cpus: 1, GreedyAndPatient, schedules: 300);
        With(LockFault.MutexHandsNothingOver, () => Explore.FindsFailure(cpus: 1, GreedyAndPatient));
    }

    [Fact]
    public void Only_a_fatal_signal_ends_a_killable_wait() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var guarded = new Guarded();
        var semaphore = new ReadWriteSemaphore<Rank>();
        var ends = new Completion();
        Errno first = Errno.None, second = Errno.None;
        var killed = kernel.Spawn("killed", () =>
        {
            first = guarded.Mutex.AcquireKillable();
            if (first == Errno.None)
                guarded.Mutex.Release();
        });
        var reader = kernel.Spawn("reader", () =>
        {
            second = semaphore.AcquireReadKillable();
            if (second == Errno.None)
                semaphore.ReleaseRead();
        });
        kernel.Spawn("owner", () =>
        {
            if (!guarded.Mutex.TryAcquire())
                return;
            if (!semaphore.TryAcquireWrite())
            {
                guarded.Mutex.Release();
                return;
            }

            Signal(killed);
            Signal(reader);
            Scheduler.Yield();
            Assert.False(kernel.HasExited(killed) && first == Errno.ERESTARTSYS, "a signal that kills nobody ended a killable wait");
            Signal(killed, WorkFlag.MustExit);
            Signal(reader, WorkFlag.MustExit);
            while (!kernel.HasExited(killed) || !kernel.HasExited(reader))
                Scheduler.Yield();
            semaphore.ReleaseWrite();
            guarded.Mutex.Release();
            Assert.False(guarded.Mutex.IsHeld);
            Assert.False(semaphore.IsHeld);
        });
        kernel.RunAll();
    }, schedules: 500);
}
