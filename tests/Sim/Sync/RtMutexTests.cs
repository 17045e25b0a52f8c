// The priority-inheriting mutex on explored schedules: exclusion, order, lent priorities along chains and their return, steals, time-outs,
// signals, deadlocks; and what each rule is for, by leaving it out.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Sync;

public sealed class RtMutexTests
{
    private const int Fifo = SchedulingPolicy.SCHED_FIFO;

    private static void Run(SimMachine machine, RtMutexFault fault, Action<SchedulerKernel> spawn)
    {
        RtMutexFaults.Set(fault);
        try
        {
            var kernel = new SchedulerKernel(machine);
            spawn(kernel);
            kernel.RunAll();
            foreach (var task in kernel.Exited)
            {
                if (task.EffectivePriority != Priorities.NormalOf(task) || task.HasLenders || task.BlockedOn is not null)
                    machine.Fail($"{System.Text.Encoding.ASCII.GetString(task.Name)} ended with priority {task.EffectivePriority}");
            }
        }
        finally
        {
            RtMutexFaults.Set(RtMutexFault.None);
        }
    }

    private static Errno Lock(RtMutex mutex, long deadline = long.MaxValue, bool detects = false, TaskState state = TaskState.Uninterruptible) =>
        mutex.Lock(Task.Current, state, deadline, detects);

    private static void Unlock(RtMutex mutex) => mutex.Unlock(Task.Current);

    /// <summary>Spins: for the least of all tasks, or with a CPU of its own.</summary>
    private static void Await(Func<bool> condition)
    {
        while (!condition())
            Cpu.Relax();
    }

    private static bool IsBlocked(Task? task) => task is { BlockedOn: not null, State: not TaskState.Running };

    // ---- Exclusion ------------------------------------------------------------------------------------------------

    private static void Exclude(SimMachine machine, RtMutexFault fault, int tasks = 3, int rounds = 3)
    {
        var mutex = new RtMutex();
        Task? inside = null;
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < tasks; i++)
                kernel.Spawn("task" + i, Body, policy: i == 0 ? 0 : Fifo, priority: 10 * i);
        });
        if (mutex.IsHeld)
            machine.Fail("the mutex is not free at the end");

        void Body()
        {
            for (var round = 0; round < rounds; round++)
            {
                if (round == 1 ? !mutex.TryLock(Task.Current) : Lock(mutex) != Errno.None)
                    continue;
                if (inside is not null)
                    machine.Fail("two tasks own the mutex");
                inside = Task.Current;
                Cpu.Interleave();
                if (mutex.Owner != Task.Current)
                    machine.Fail("the owner is another");
                inside = null;
                Unlock(mutex);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_has_one_owner_and_nobody_sleeps_for_ever(int cpus) =>
        Explore.Schedules(cpus, machine => Exclude(machine, RtMutexFault.None), 500);

    [Fact]
    public void Waking_before_it_is_free_is_caught() =>
        Explore.FindsFailure(2, machine => Exclude(machine, RtMutexFault.WakesBeforeRelease), 20000);

    // Three tasks on two CPUs take it once each.
    private static Action<SimMachine> Contend(RtMutexFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var mutex = new RtMutex();
        var inside = 0;
        void Once()
        {
            if (Lock(mutex) != Errno.None)
                machine.Fail("not taken");
            if (++inside != 1)
                machine.Fail("two tasks own the mutex");
            Cpu.Interleave();
            inside--;
            Unlock(mutex);
        }

        Run(machine, fault, kernel =>
        {
            kernel.Spawn("low", small.Part(Once), CpuSet.Of(0));
            kernel.Spawn("middle", small.Part(Once), CpuSet.Of(1), policy: Fifo, priority: 10);
            kernel.Spawn("high", small.Part(Once), CpuSet.Of(1), policy: Fifo, priority: 10);
        });
    };

    [Fact]
    public void All_schedules_of_three_tasks_exclude_each_other_and_end()
    {
        Explore.All(Contend(RtMutexFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(Contend(RtMutexFault.WakesBeforeRelease));
    }

    // ---- Lending --------------------------------------------------------------------------------------------------

    /// <summary>A chain: high waits for middle, which waits for low. Low runs with high's priority until it lets go.</summary>
    private static void Chain(SimMachine machine, RtMutexFault fault)
    {
        RtMutex first = new(), second = new();
        Semaphore firstTaken = new(0), secondTaken = new(0);
        Task? low = null, middle = null, high = null;
        Run(machine, fault, kernel =>
        {
            low = kernel.Spawn("low", () =>
            {
                Lock(first);
                firstTaken.Up();
                Await(() => IsBlocked(middle) && IsBlocked(high));
                if (low!.EffectivePriority != 99 - 50)
                    machine.Fail($"low has priority {low.EffectivePriority}, not high's");
                if (low.Policy != SchedulingPolicy.SCHED_OTHER || low.RealTimePriority != 0)
                    machine.Fail("lending has changed low's policy");
                Unlock(first);
                if (low.EffectivePriority != Priorities.Default)
                    machine.Fail($"low goes on with priority {low.EffectivePriority}");
            });
            middle = kernel.Spawn("middle", () =>
            {
                Lock(second);
                secondTaken.Up();
                firstTaken.Down();
                Lock(first);
                if (middle!.EffectivePriority > 99 - 50)
                    machine.Fail($"middle has priority {middle.EffectivePriority}, not high's");
                Unlock(first);
                Unlock(second);
                if (middle.EffectivePriority != 99 - 20)
                    machine.Fail($"middle goes on with priority {middle.EffectivePriority}");
            }, policy: Fifo, priority: 20);
            high = kernel.Spawn("high", () =>
            {
                secondTaken.Down();
                Lock(second);
                Unlock(second);
            }, policy: Fifo, priority: 50);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Priority_goes_down_a_chain_and_back(int cpus) => Explore.Schedules(cpus, machine => Chain(machine, RtMutexFault.None), 300);

    [Theory]
    [InlineData((int)RtMutexFault.NoChainWalk)]
    [InlineData((int)RtMutexFault.KeepsLentPriority)]
    public void A_chain_without_its_rules_is_caught(int fault) => Explore.FindsFailure(2, machine => Chain(machine, (RtMutexFault)fault));

    /// <summary>While high waits for low, low's policy is changed, and then high's.</summary>
    private static void ChangePolicies(SimMachine machine, RtMutexFault fault)
    {
        var mutex = new RtMutex();
        var taken = new Semaphore(0);
        Task? low = null, high = null;
        Run(machine, fault, kernel =>
        {
            low = kernel.Spawn("low", () =>
            {
                Lock(mutex);
                taken.Up();
                Await(() => IsBlocked(high));
                Scheduler.SetPolicy(low!, Fifo, 10, 0, resetOnFork: false);
                if (low!.EffectivePriority != 99 - 50)
                    machine.Fail($"a new policy has taken what low was lent: {low.EffectivePriority}");
                Scheduler.SetPolicy(high!, Fifo, 70, 0, resetOnFork: false);
                if (low.EffectivePriority != 99 - 70)
                    machine.Fail($"low has priority {low.EffectivePriority}, not high's new one");
                Scheduler.SetPolicy(high!, 0, 0, 0, resetOnFork: false);
                if (low.EffectivePriority != 99 - 10)
                    machine.Fail($"low has priority {low.EffectivePriority}, not its own");
                Unlock(mutex);
            });
            high = kernel.Spawn("high", () =>
            {
                taken.Down();
                Lock(mutex);
                Unlock(mutex);
            }, policy: Fifo, priority: 50);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Changes_of_policy_reach_the_owner_and_leave_what_is_lent(int cpus) =>
        Explore.Schedules(cpus, machine => ChangePolicies(machine, RtMutexFault.None), 300);

    [Theory]
    [InlineData((int)RtMutexFault.NoChainWalk)]
    [InlineData((int)RtMutexFault.PolicyEndsLending)]
    public void Changes_of_policy_without_their_rules_are_caught(int fault) =>
        Explore.FindsFailure(2, machine => ChangePolicies(machine, (RtMutexFault)fault));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Policies_change_at_any_moment_of_a_chain(int cpus) => Explore.Schedules(cpus, machine =>
    {
        RtMutex first = new(), second = new();
        var tasks = new Task[3];
        Run(machine, RtMutexFault.None, kernel =>
        {
            tasks[0] = kernel.Spawn("low", () => { Lock(first); Cpu.Interleave(); Unlock(first); });
            tasks[1] = kernel.Spawn("middle", () => { Lock(second); Lock(first); Unlock(second); Unlock(first); }, policy: Fifo, priority: 20);
            tasks[2] = kernel.Spawn("high", () => { Lock(second); Cpu.Interleave(); Unlock(second); }, policy: Fifo, priority: 50);
            kernel.Spawn("changer", () =>
            {
                for (var i = 0; i < 6; i++)
                    Scheduler.SetPolicy(tasks[i % 3], i % 2 == 0 ? Fifo : 0, i % 2 == 0 ? 10 * (1 + i) : 0, 0, resetOnFork: false);
            }, policy: Fifo, priority: 60);
        });
    }, 500);

    /// <summary>A waiter gives up at any moment: what it lent goes back, and nobody is left asleep.</summary>
    private static void GiveUp(SimMachine machine, RtMutexFault fault)
    {
        var mutex = new RtMutex();
        var taken = new Semaphore(0);
        var hasGivenUp = false;
        Task? low = null;
        Run(machine, fault, kernel =>
        {
            low = kernel.Spawn("low", () =>
            {
                Lock(mutex);
                taken.Up();
                taken.Up();
                Await(() => hasGivenUp);
                if (low!.EffectivePriority < 99 - 20)
                    machine.Fail($"low keeps priority {low.EffectivePriority} after the wait");
                Unlock(mutex);
            });
            kernel.Spawn("impatient", () =>
            {
                taken.Down();
                if (Lock(mutex, TimeKeeper.Monotonic + 2_000) != Errno.ETIMEDOUT)
                    machine.Fail("the wait did not time out");
                hasGivenUp = true;
            }, policy: Fifo, priority: 50);
            kernel.Spawn("patient", () =>
            {
                taken.Down();
                Lock(mutex);
                Unlock(mutex);
            }, policy: Fifo, priority: 20);
        });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Who_gives_up_takes_back_what_it_lent(int cpus) => Explore.Schedules(cpus, machine => GiveUp(machine, RtMutexFault.None), 500);

    [Fact]
    public void Giving_up_without_taking_back_is_caught() =>
        Explore.FindsFailure(2, machine => GiveUp(machine, RtMutexFault.GivesUpSilently));

    // The time-out against the release, the moments of both chosen by the schedule.
    private static Action<SimMachine> TimeOutBesideRelease(RtMutexFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var mutex = new RtMutex();
        Run(machine, fault, kernel =>
        {
            small.Prepare = () => mutex.TryLock(Task.Current);
            kernel.Spawn("owner", small.Part(() =>
            {
                for (var i = 0; i < 10; i++)
                    Cpu.Interleave();
                Unlock(mutex);
            }), CpuSet.Of(0));
            kernel.Spawn("impatient", small.Part(() =>
            {
                if (Lock(mutex, TimeKeeper.Monotonic + 600) == Errno.None)
                    Unlock(mutex);
            }), CpuSet.Of(1), policy: Fifo, priority: 50);
            kernel.Spawn("patient", small.Part(() =>
            {
                Lock(mutex);
                Unlock(mutex);
            }), CpuSet.Of(1), policy: Fifo, priority: 50);
        });
    };

    [Fact]
    public void All_schedules_of_a_time_out_and_a_release_lose_no_wake_up()
    {
        Explore.All(TimeOutBesideRelease(RtMutexFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(TimeOutBesideRelease(RtMutexFault.WakesBeforeRelease));
    }

    // ---- Order ----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_best_waiter_is_next_and_equals_come_in_turn(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var mutex = new RtMutex();
        var order = "";
        Run(machine, RtMutexFault.None, kernel =>
        {
            kernel.Spawn("owner", () =>
            {
                Lock(mutex);
                foreach (var (name, policy, priority, nice) in new[] { ("a", 0, 0, 5), ("b", 0, 0, -5), ("c", Fifo, 10, 0), ("d", Fifo, 30, 0), ("e", Fifo, 10, 0) })
                {
                    var task = kernel.Spawn(name, () =>
                    {
                        Lock(mutex);
                        order += name;
                        Unlock(mutex);
                    }, CpuSet.Of(1), nice, policy, priority);
                    Await(() => IsBlocked(task));
                }

                Unlock(mutex);
            }, CpuSet.Of(0));
        });
        if (order != "dceab")
            machine.Fail($"taken in the order {order}");
    }, 200);

    [Fact]
    public void Only_a_better_task_takes_it_before_the_woken_waiter() => Explore.Schedules(1, machine =>
    {
        var mutex = new RtMutex();
        var stolen = new List<bool>();
        Run(machine, RtMutexFault.None, kernel =>
        {
            kernel.Spawn("owner", () =>
            {
                Lock(mutex);
                var waiter = kernel.Spawn("waiter", () => { Lock(mutex); Unlock(mutex); }, policy: Fifo, priority: 20);
                Await(() => IsBlocked(waiter));
                Preemption.Disable();
                Unlock(mutex); // the waiter is woken, and cannot run yet
                foreach (var priority in new[] { 10, 20, 21 })
                {
                    Scheduler.SetPolicy(Task.Current, Fifo, priority, 0, resetOnFork: false);
                    stolen.Add(mutex.TryLock(Task.Current));
                }

                Unlock(mutex);
                Preemption.Enable();
            });
        });
        if (string.Join(' ', stolen) != "False False True")
            machine.Fail(string.Join(' ', stolen));
    }, 100);

    // ---- Deadlocks ------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_circle_is_found_by_the_one_that_closes_it(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var mutexes = new[] { new RtMutex(), new RtMutex(), new RtMutex() };
        var held = 0;
        var all = new Semaphore(0);
        var refused = 0;
        Run(machine, RtMutexFault.None, kernel =>
        {
            for (var i = 0; i < 3; i++)
            {
                var (mine, next) = (mutexes[i], mutexes[(i + 1) % 3]);
                kernel.Spawn("task" + i, () =>
                {
                    Lock(mine);
                    if (++held == 3)
                    {
                        for (var others = 0; others < 3; others++)
                            all.Up();
                    }

                    all.Down();
                    var error = Lock(next, detects: true);
                    if (error == Errno.EDEADLK)
                        refused++;
                    else
                        Unlock(next);
                    Unlock(mine);
                }, policy: Fifo, priority: 10 + i);
            }
        });
        if (refused != 1)
            machine.Fail($"{refused} were told of the circle");
    }, 300);

    /// <summary>All take what they need in one order, so there is no circle; but whoever looks slowly at one link after another can see one.</summary>
    private static void TakeInOrder(SimMachine machine, RtMutexFault fault)
    {
        RtMutex a = new(), b = new(), c = new(), d = new();
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("ab", () => Both(a, b));
            kernel.Spawn("bc", () => Both(b, c));
            kernel.Spawn("cd, a", () =>
            {
                Both(c, d);
                Both(a, d);
            });
            kernel.Spawn("d", () =>
            {
                Take(d);
                Cpu.Interleave();
                Unlock(d);
            });
        });

        void Both(RtMutex first, RtMutex second)
        {
            Take(first);
            Take(second);
            Unlock(second);
            Unlock(first);
        }

        void Take(RtMutex mutex)
        {
            var error = Lock(mutex, detects: true);
            if (error != Errno.None)
                machine.Fail($"locks taken in one order: {error}");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Without_a_circle_none_is_found(int cpus) => Explore.Schedules(cpus, machine => TakeInOrder(machine, RtMutexFault.None), 1000);

    [Fact]
    public void A_circle_of_links_from_different_moments_is_caught() =>
        Explore.FindsFailure(3, machine => TakeInOrder(machine, RtMutexFault.CountsLaterLinks), 100000);

    [Fact]
    public void Taking_twice_is_a_deadlock_and_a_chain_that_is_too_long_counts_as_one() => Explore.Schedules(1, machine =>
    {
        const int Longest = 12;
        var mutexes = new RtMutex[Longest + 1];
        Task? last = null;
        Run(machine, RtMutexFault.None, kernel => kernel.Spawn("first", () =>
        {
            mutexes[0] = new RtMutex();
            Lock(mutexes[0]);
            if (Lock(mutexes[0], detects: false) != Errno.EDEADLK)
                machine.Fail("taken twice");
            for (var i = 1; i <= Longest; i++)
            {
                var (mine, next) = (mutexes[i] = new RtMutex(), mutexes[i - 1]);
                last = kernel.Spawn("link" + i, () =>
                {
                    Lock(mine);
                    Lock(next, detects: true);
                    Unlock(next);
                    Unlock(mine);
                }, policy: Fifo, priority: i);
                Await(() => IsBlocked(last));
                if (Task.Current.EffectivePriority != 99 - i)
                    machine.Fail($"link {i} does not reach the first task");
            }

            Unlock(mutexes[0]);
        }));
    }, 20);

    // ---- Signals --------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData((int)TaskState.Interruptible)]
    [InlineData((int)TaskState.Killable)]
    public void A_signal_ends_the_wait_that_admits_it(int state) => Explore.Schedules(2, machine =>
    {
        var mutex = new RtMutex();
        Semaphore taken = new(0), over = new(0);
        Task? waiter = null;
        Run(machine, RtMutexFault.None, kernel =>
        {
            kernel.Spawn("owner", () =>
            {
                Lock(mutex);
                taken.Up();
                waiter!.ForceKill();
                over.Down();
                Unlock(mutex);
            });
            waiter = kernel.Spawn("waiter", () =>
            {
                taken.Down();
                if (Lock(mutex, state: (TaskState)state) != Errno.ERESTARTSYS)
                    machine.Fail("the wait was not interrupted");
                over.Up();
            }, policy: Fifo, priority: 5);
        });
    }, 200);
}
