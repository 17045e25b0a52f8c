// Futexes that lend priority on explored schedules: the word, the kernel's mutex and the priorities agree, whoever takes, gives up, ends or is moved
// meanwhile; with each rule's twin that breaks it.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using static Jiffy.Tests.Sim.Kernel.FutexKernel;

namespace Jiffy.Tests.Sim.Ipc;

public sealed class FutexPiTests
{
    private const uint OwnerMask = 0x3fffffff, OwnerDied = 0x40000000;
    private const int Mutex = 0, Condition = 8, Head = 64, Entry = 80;

    private static uint Self => (uint)Task.Current.Id;

    private static ExploreOptions Try(int cpus, int schedules) => new() { Machine = Options(cpus), Schedules = schedules };

    // As a program does it: the kernel is asked only when the word says so.
    private static Errno Lock(int word = Mutex, long deadline = long.MaxValue) =>
        Exchange(word, Self, 0) == 0 ? Errno.None : Futex.LockPi(At(word), isPrivate: true, deadline, ClockBase.Monotonic, isTry: false);

    private static void Unlock(SimMachine machine, int word = Mutex)
    {
        if (Exchange(word, 0, Self) == Self)
            return;
        var error = Futex.UnlockPi(At(word), isPrivate: true);
        if (error != Errno.None)
            machine.Fail($"unlock: {error}, the word is {Load(word):x}");
    }

    // ---- Exclusion ---------------------------------------------------------------------------------------------------

    private static Action<SimMachine> Exclude(FutexFault fault, int rounds = 3, bool timeOuts = false) => machine =>
    {
        var inside = 0;
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < 3; i++)
                kernel.Spawn("task" + i, Body, priority: 10 * i);
        });

        void Body()
        {
            for (var round = 0; round < rounds; round++)
            {
                var error = Lock(Mutex, timeOuts && round == 1 ? TimeKeeper.Monotonic + 1_500 : long.MaxValue);
                if (error == Errno.ETIMEDOUT && timeOuts)
                    continue;
                if (error != Errno.None)
                    machine.Fail($"lock: {error}");
                if (++inside != 1)
                    machine.Fail("two tasks own the lock");
                if ((Load(Mutex) & OwnerMask) != Self)
                    machine.Fail($"the word names another: {Load(Mutex):x}");
                inside--;
                Unlock(machine);
            }
        }
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_has_one_owner_whom_the_word_names(int cpus) => Explore.Schedules(Try(cpus, 300), Exclude(FutexFault.None));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Time_outs_leave_word_and_priorities_right(int cpus) =>
        Explore.Schedules(Try(cpus, 300), Exclude(FutexFault.None, timeOuts: true));

    [Fact]
    public void A_word_that_keeps_the_old_owner_is_caught() =>
        Explore.FindsFailure(Try(2, 20000), Exclude(FutexFault.WordKeepsOldOwner, timeOuts: true));

    private static Action<SimMachine> SmallLocking(FutexFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var inside = 0;
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("low", small.Part(() => Once(0)), CpuSet.Of(0));
            kernel.Spawn("middle", small.Part(() => Once(10)), CpuSet.Of(1), priority: 10);
            kernel.Spawn("high", small.Part(() => Once(20)), CpuSet.Of(1), priority: 20);
        });

        void Once(int priority)
        {
            if (Lock() != Errno.None || ++inside != 1 || (Load(Mutex) & OwnerMask) != Self)
                machine.Fail($"not the one owner, with priority {priority}");
            inside--;
            Unlock(machine);
        }
    };

    [Fact]
    public void All_schedules_of_three_tasks_keep_word_and_mutex_together() =>
        Explore.All(SmallLocking(FutexFault.None), Explore.Bound(1, 2), Options(2));

    // ---- The end of an owner -----------------------------------------------------------------------------------------

    /// <summary>The first to have it ends with it: the next is told by the word, and the third by the second's silence.</summary>
    private static Action<SimMachine> EndWithLock(FutexFault fault) => machine =>
    {
        int told = 0, taken = 0;
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < 3; i++)
                kernel.Spawn("task" + i, Body, priority: 10 * i);
        });
        if (told > 1)
            machine.Fail($"{told} were told of one end");

        void Body()
        {
            var error = Lock();
            if (error is Errno.ESRCH or Errno.EINVAL)
                return; // the owner has ended, and no list told the kernel of this lock: the word names a dead task
            if (error != Errno.None)
                machine.Fail($"lock: {error}");
            if ((Load(Mutex) & OwnerDied) != 0)
                told++;
            if (taken++ == 0)
                return;
            Unlock(machine);
        }
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Waiters_inherit_from_an_owner_that_ends(int cpus) => Explore.Schedules(Try(cpus, 300), EndWithLock(FutexFault.None));

    [Fact]
    public void An_end_that_keeps_its_locks_is_caught() => Explore.FindsFailure(Try(2, 5000), EndWithLock(FutexFault.EndKeepsLocks));

    private static Action<SimMachine> RobustList(FutexFault fault) => machine =>
    {
        int told = 0, taken = 0;
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < 3; i++)
                kernel.Spawn("task" + i, Body, priority: 10 * i);
        });
        if (told != 1)
            machine.Fail($"{told} were told of the end");

        void Body()
        {
            var error = Lock();
            if (error != Errno.None)
                machine.Fail($"lock: {error}");
            if ((Load(Mutex) & OwnerDied) != 0)
                told++;
            if (taken++ > 0)
            {
                Unlock(machine);
                return;
            }

            // Its robust list has one entry, a lock that lends priority.
            StoreLong(Head, At(Entry) | 1);
            StoreLong(Head + 2, At(Mutex) - At(Entry));
            StoreLong(Head + 4, 0);
            StoreLong(Entry, At(Head));
            Task.Current.RobustList = At(Head);
        }
    };

    private static void StoreLong(int word, ulong value)
    {
        Store(word, (uint)value);
        Store(word + 1, (uint)(value >> 32));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_robust_list_tells_also_those_who_come_later(int cpus) => Explore.Schedules(Try(cpus, 300), RobustList(FutexFault.None));

    private static Action<SimMachine> SmallEnd(FutexFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        Run(machine, fault, kernel =>
        {
            Action waiter = () =>
            {
                var error = Lock();
                if (error == Errno.None)
                    Unlock(machine);
                else if (error is not (Errno.ESRCH or Errno.EINVAL))
                    machine.Fail($"lock: {error}");
            };
            kernel.Spawn("owner", small.Part(() => Lock()), CpuSet.Of(0));
            kernel.Spawn("first", small.Part(waiter), CpuSet.Of(1), priority: 10);
            kernel.Spawn("second", small.Part(waiter), CpuSet.Of(1), priority: 10);
        });
    };

    [Fact]
    public void All_schedules_of_an_end_and_two_waiters_leave_nobody_asleep() =>
        Explore.All(SmallEnd(FutexFault.None), Explore.Bound(1, 2), Options(2));

    // ---- Moved waiters -----------------------------------------------------------------------------------------------

    /// <summary>Two wait for a condition, one of them not for ever; each that returns well owns the lock.</summary>
    private static Action<SimMachine> Signal(FutexFault fault) => machine =>
    {
        var inside = 0;
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < 2; i++)
            {
                var isImpatient = i == 1;
                kernel.Spawn("waiter" + i, () =>
                {
                    Enter();
                    while (Load(Condition) == 0)
                    {
                        Leave();
                        var deadline = isImpatient ? TimeKeeper.Monotonic + 3_000 : long.MaxValue;
                        var error = Futex.WaitRequeuePi(
                            At(Condition), 0, isPrivate: true, Futex.AllBits, deadline, ClockBase.Monotonic, At(Mutex));
                        if (error is Errno.EAGAIN or Errno.ETIMEDOUT)
                            error = Lock();
                        if (error != Errno.None)
                            machine.Fail($"wait: {error}");
                        Entered();
                    }

                    Leave();
                }, priority: 10 * i);
            }

            kernel.Spawn("signaller", () =>
            {
                Enter();
                Store(Condition, 1);
                while (true)
                {
                    var moved = Futex.RequeuePi(At(Condition), At(Mutex), isPrivate: true, 1, int.MaxValue, 1);
                    if (!moved.IsOk && moved.Error != Errno.EAGAIN)
                        machine.Fail($"requeue: {moved.Error}");
                    if (moved.IsOk)
                        break;
                }

                Leave();
            });
        });

        void Enter()
        {
            var error = Lock();
            if (error != Errno.None)
                machine.Fail($"lock: {error}");
            Entered();
        }

        void Entered()
        {
            if (++inside != 1)
                machine.Fail("two tasks own the lock");
            if ((Load(Mutex) & OwnerMask) != Self)
                machine.Fail($"the word names another: {Load(Mutex):x}");
        }

        void Leave()
        {
            inside--;
            Unlock(machine);
        }
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Who_is_moved_to_the_lock_returns_as_its_owner(int cpus) => Explore.Schedules(Try(cpus, 300), Signal(FutexFault.None));

    [Fact]
    public void Moved_waiters_with_a_word_that_keeps_the_old_owner_are_caught() =>
        Explore.FindsFailure(Try(2, 20000), Signal(FutexFault.WordKeepsOldOwner));

    private static Action<SimMachine> SmallMove() => machine =>
    {
        var small = new SmallCase(machine);
        var ended = 0;
        Run(machine, FutexFault.None, kernel =>
        {
            Action waiter = () =>
            {
                var error = Futex.WaitRequeuePi(
                    At(Condition), 0, isPrivate: true, Futex.AllBits, TimeKeeper.Monotonic + 1_000, ClockBase.Monotonic, At(Mutex));
                if (error == Errno.None)
                    Unlock(machine);
                ended++;
            };
            kernel.Spawn("first", small.Part(waiter), CpuSet.Of(0));
            kernel.Spawn("second", small.Part(waiter), CpuSet.Of(1), priority: 10);
            kernel.Spawn("mover", small.Part(() =>
            {
                if (!Futex.RequeuePi(At(Condition), At(Mutex), isPrivate: true, 1, int.MaxValue, 0).IsOk)
                    machine.Fail("requeue");
            }), CpuSet.Of(1));
        });
        if (ended != 2)
            machine.Fail("a waiter has not ended");
    };

    [Fact]
    public void All_schedules_of_a_move_and_time_outs_end() => Explore.All(SmallMove(), Explore.Bound(1, 2), Options(2));

    // ---- Deadlocks and failures --------------------------------------------------------------------------------------

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_circle_is_told_to_who_closes_it(int cpus) => Explore.Schedules(Try(cpus, 300), machine =>
    {
        // Both may be told, when both close it at once; that each of them ends is the point.
        Run(machine, FutexFault.None, kernel =>
        {
            for (var i = 0; i < 2; i++)
            {
                var (mine, others) = (i, 1 - i);
                kernel.Spawn("task" + i, () =>
                {
                    Lock(mine);
                    var error = Lock(others);
                    if (error == Errno.None)
                        Unlock(machine, others);
                    else if (error != Errno.EDEADLK)
                        machine.Fail($"lock: {error}");
                    Unlock(machine, mine);
                }, priority: 10 * i);
            }
        });
    });

    [Fact]
    public void A_refused_object_ends_the_wait_with_nothing_left() => Explore.Schedules(Try(2, 50), machine =>
    {
        Run(machine, FutexFault.None, kernel =>
        {
            var ready = new Semaphore(0);
            var done = new Semaphore(0);
            kernel.Spawn("owner", () =>
            {
                Lock();
                ready.Up();
                done.Down();
                Unlock(machine);
            });
            kernel.Spawn("waiter", () =>
            {
                ready.Down();
                FaultInjection.Arm(Task.Current, 1);
                if (Lock(Mutex, TimeKeeper.Monotonic + 1_000) != Errno.ENOMEM)
                    machine.Fail("the refused state was not missed");
                FaultInjection.Arm(Task.Current, 0);
                if (FutexPiState.Pool.Used != 0)
                    machine.Fail("a state is left");
                done.Up();
            });
        });
    });
}
