// Futexes on explored schedules: no wake-up is lost and none is counted twice, whatever else ends a wait; with each rule's twin that breaks it.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using static Jiffy.Tests.Sim.Kernel.FutexKernel;

namespace Jiffy.Tests.Sim.Ipc;

public sealed class FutexTests
{
    private const uint All = Futex.AllBits;
    private const int Word = 0, Other = 1, List = 64;

    private static Errno Wait(int word, uint expected, long deadline = long.MaxValue, uint bits = All) =>
        Futex.Wait(At(word), expected, isPrivate: true, bits, deadline, ClockBase.Monotonic);

    private static int Wake(int word, int most, uint bits = All) => Futex.Wake(At(word), isPrivate: true, most, bits).Value;

    private static ExploreOptions Try(int cpus, int schedules) => new() { Machine = Options(cpus), Schedules = schedules };

    // ---- Waiting and waking ------------------------------------------------------------------------------------------

    private static Action<SimMachine> OpenGate(FutexFault fault) => machine => RunGate(machine, fault, static body => body);

    private static void RunGate(SimMachine machine, FutexFault fault, Func<Action, Action> part)
    {
        Action sleeper = () =>
        {
            while (Load(Word) == 0)
                Wait(Word, 0);
        };
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("first", part(sleeper), CpuSet.Of(0));
            kernel.Spawn("second", part(sleeper), CpuSet.Of(machine.Options.Cpus - 1));
            kernel.Spawn("opener", part(() =>
            {
                Store(Word, 1);
                Wake(Word, int.MaxValue);
            }), CpuSet.Of(machine.Options.Cpus - 1));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_sleeper_never_misses_the_wake_up(int cpus) => Explore.Schedules(Try(cpus, 300), OpenGate(FutexFault.None));

    [Fact]
    public void Testing_the_word_before_queueing_is_caught() => Explore.FindsFailure(Try(2, 5000), OpenGate(FutexFault.TestsBeforeQueueing));

    [Fact]
    public void All_schedules_of_two_sleepers_and_a_waker_lose_nothing()
    {
        Explore.All(Small(FutexFault.None), Explore.Bound(1, 2), Options(2));
        Explore.AllFindFailure(Small(FutexFault.TestsBeforeQueueing), 2, Options(2));

        static Action<SimMachine> Small(FutexFault fault) => machine => RunGate(machine, fault, new SmallCase(machine).Part);
    }

    // ---- Time-outs against wake-ups ----------------------------------------------------------------------------------

    /// <summary>What wakers count and what waiters are told agree, though some waits end by themselves.</summary>
    private static Action<SimMachine> Count(FutexFault fault) => machine =>
    {
        int told = 0, counted = 0;
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < 2; i++)
            {
                kernel.Spawn("sleeper" + i, () =>
                {
                    for (var round = 0; round < 3; round++)
                    {
                        if (Wait(Word, 0, TimeKeeper.Monotonic + 1_000) == Errno.None)
                            told++;
                    }
                }, priority: 10 * i);
            }

            kernel.Spawn("waker", () =>
            {
                for (var round = 0; round < 6; round++)
                    counted += Wake(Word, 1);
            });
        });
        if (told != counted)
            machine.Fail($"{counted} woken, {told} told so");
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_counted_wake_up_is_told(int cpus) => Explore.Schedules(Try(cpus, 300), Count(FutexFault.None));

    [Fact]
    public void A_time_out_that_swallows_a_wake_up_is_caught() =>
        Explore.FindsFailure(Try(2, 20000), Count(FutexFault.TimeOutSwallowsWakeUp));

    // ---- Bits and order ----------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Bits_choose_and_priorities_order(int cpus) => Explore.Schedules(Try(cpus, 200), machine =>
    {
        var order = "";
        Run(machine, FutexFault.None, kernel =>
        {
            foreach (var (name, bits, priority) in new[] { ("a", 1u, 0), ("b", 2u, 0), ("c", 3u, 10), ("d", 1u, 20), ("e", 4u, 20) })
            {
                kernel.Spawn(name, () =>
                {
                    Assert.Equal(Errno.None, Wait(Word, 0, bits: bits));
                    order += name;
                }, CpuSet.Of(1), priority);
            }

            kernel.Spawn("waker", () =>
            {
                var woken = 0;
                while (order.Length < 1)
                    woken += Wake(Word, 1, 4);
                while (woken < 5)
                {
                    var before = woken;
                    woken += Wake(Word, 1);
                    while (woken > before && order.Length < woken)
                        Cpu.Relax();
                }
            }, CpuSet.Of(0));
        });
        if (order[0] != 'e' || order.Length != 5)
            machine.Fail($"woken in the order {order}");
    });

    // ---- Requeueing --------------------------------------------------------------------------------------------------

    private static Action<SimMachine> Move(FutexFault fault) => machine =>
    {
        Run(machine, fault, kernel =>
        {
            for (var i = 0; i < 3; i++)
            {
                kernel.Spawn("sleeper" + i, () =>
                {
                    while (Load(Word) == 0)
                        Wait(Word, 0);
                });
            }

            kernel.Spawn("mover", () =>
            {
                Futex.Requeue(At(Word), At(Other), isPrivate: true, 0, 2, checks: true, 0);
                Cpu.Interleave();
                Store(Word, 1);
                if (Futex.Requeue(At(Word), At(Other), isPrivate: true, 1, int.MaxValue, checks: true, 0).Error != Errno.EAGAIN)
                    machine.Fail("requeued though the word differs");
                Futex.Requeue(At(Word), At(Other), isPrivate: true, 1, int.MaxValue, checks: true, 1);
                Wake(Other, int.MaxValue);
            });
        });
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Requeueing_drops_nobody(int cpus) => Explore.Schedules(Try(cpus, 300), Move(FutexFault.None));

    [Fact]
    public void A_requeue_that_drops_a_waiter_is_caught() => Explore.FindsFailure(Try(2, 5000), Move(FutexFault.RequeueDropsWaiter));

    /// <summary>A requeue meets a time-out; the wakers' counts and what the waiters are told agree.</summary>
    private static Action<SimMachine> MoveBesideTimeOut(FutexFault fault) => machine =>
    {
        int told = 0, counted = 0;
        var small = new SmallCase(machine);
        Run(machine, fault, kernel =>
        {
            Action sleeper = () =>
            {
                if (Wait(Word, 0, TimeKeeper.Monotonic + 800) == Errno.None)
                    told++;
            };
            kernel.Spawn("first", small.Part(sleeper), CpuSet.Of(0));
            kernel.Spawn("second", small.Part(sleeper), CpuSet.Of(1));
            kernel.Spawn("mover", small.Part(() =>
            {
                Futex.Requeue(At(Word), At(Other), isPrivate: true, 0, int.MaxValue, checks: false, 0);
                counted += Wake(Other, int.MaxValue);
            }), CpuSet.Of(1));
        });
        if (told != counted)
            machine.Fail($"{counted} woken, {told} told so");
    };

    [Fact]
    public void All_schedules_of_a_requeue_and_time_outs_tell_every_wake_up()
    {
        var bound = Explore.Bound(1, 2);
        Explore.All(MoveBesideTimeOut(FutexFault.None), bound, Options(2));

        // The twin takes two disturbances, and 60,000 schedules when they are tried in turn.
        if (bound > 1)
            Explore.AllFindFailure(MoveBesideTimeOut(FutexFault.TimeOutSwallowsWakeUp), bound, Options(2));
        else
            Explore.FindsFailure(Try(2, 20_000), MoveBesideTimeOut(FutexFault.TimeOutSwallowsWakeUp));
    }

    // ---- Wake-op -----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_wake_operation_changes_one_word_and_wakes_at_both(int cpus) => Explore.Schedules(Try(cpus, 300), machine =>
    {
        const uint SetToSeven = 7 << 12; // and the old value must be 0
        Run(machine, FutexFault.None, kernel =>
        {
            kernel.Spawn("first", () =>
            {
                while (Load(Other) == 0)
                    Wait(Word, 0, TimeKeeper.Monotonic + 5_000_000);
            });
            kernel.Spawn("second", () =>
            {
                while (Load(Other) == 0)
                    Wait(Other, 0);
            });
            kernel.Spawn("waker", () =>
            {
                if (!Futex.WakeOperation(At(Word), At(Other), isPrivate: true, 1, int.MaxValue, SetToSeven).IsOk || Load(Other) != 7)
                    machine.Fail("the operation");
            });
        });
    });

    // ---- Several words -----------------------------------------------------------------------------------------------

    private static Result<int> WaitAll(int count, long deadline = long.MaxValue, int list = List)
    {
        for (var i = 0; i < count; i++)
        {
            Store(list + 6 * i, 0);
            Store(list + 6 * i + 1, 0);
            Store(list + 6 * i + 2, (uint)At(i));
            Store(list + 6 * i + 3, 0);
            Store(list + 6 * i + 4, 2 | 128);
            Store(list + 6 * i + 5, 0);
        }

        return Futex.WaitVector(At(list), count, deadline, ClockBase.Monotonic);
    }

    private static Action<SimMachine> CountVectors(FutexFault fault) => machine =>
    {
        int told = 0, counted = 0;
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("sleeper", () =>
            {
                for (var round = 0; round < 3; round++)
                    told += WaitAll(3, TimeKeeper.Monotonic + 2_000).IsOk ? 1 : 0;
            });
            kernel.Spawn("waker", () =>
            {
                for (var round = 0; round < 5; round++)
                    counted += Wake(round % 3, 1);
            });
        });

        // One call may take up several wake-ups, which the program sees in its words.
        if (told > counted || (told == 0 && counted > 0))
            machine.Fail($"{counted} woken, {told} told so");
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_wait_for_several_words_tells_of_a_wake_up(int cpus) => Explore.Schedules(Try(cpus, 200), CountVectors(FutexFault.None));

    [Fact]
    public void A_vector_whose_time_out_swallows_a_wake_up_is_caught() =>
        Explore.FindsFailure(Try(2, 20000), CountVectors(FutexFault.TimeOutSwallowsWakeUp));

    private static Action<SimMachine> SmallVector(FutexFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("sleeper", small.Part(() =>
            {
                while (Load(0) == 0 || Load(1) == 0)
                {
                    // What is set already is waited for no more.
                    var from = Load(0) == 0 ? 0 : 1;
                    Wait2(from);
                }
            }), CpuSet.Of(0));
            kernel.Spawn("first", small.Part(() => Set(0)), CpuSet.Of(1));
            kernel.Spawn("second", small.Part(() => Set(1)), CpuSet.Of(1));
        });

        static void Set(int word)
        {
            Store(word, 1);
            Wake(word, 1);
        }

        static void Wait2(int from)
        {
            for (var i = 0; i < 2; i++)
            {
                Store(List + 6 * i, i >= from ? 0 : 1u);
                Store(List + 6 * i + 2, (uint)At(i));
                Store(List + 6 * i + 4, 2 | 128);
            }

            Futex.WaitVector(At(List), 2, long.MaxValue, ClockBase.Monotonic);
        }
    };

    [Fact]
    public void All_schedules_of_a_vector_and_two_wakers_lose_nothing()
    {
        Explore.All(SmallVector(FutexFault.None), Explore.Bound(1, 2), Options(2));
        Explore.AllFindFailure(SmallVector(FutexFault.TestsBeforeQueueing), 2, Options(2));
    }

    // ---- Failures ----------------------------------------------------------------------------------------------------

    [Fact]
    public void Each_object_that_is_refused_ends_the_call_with_nothing_left() => Explore.Schedules(Try(1, 20), machine =>
    {
        var refused = 0;
        Run(machine, FutexFault.None, kernel => kernel.Spawn("caller", () =>
        {
            for (var nth = 1; ; nth++)
            {
                FaultInjection.Arm(Task.Current, nth);
                var error = WaitAll(3, deadline: 1).Error;
                var isLeft = FaultInjection.LeftOf(Task.Current) != 0;
                FaultInjection.Arm(Task.Current, 0);
                if (error != (isLeft ? Errno.ETIMEDOUT : Errno.ENOMEM))
                    machine.Fail($"request {nth} refused: {error}");
                if (Futex.VectorWaitersUsed != 0)
                    machine.Fail("a waiter is left");
                if (isLeft)
                    break;
                refused++;
            }
        }));
        if (refused != 3)
            machine.Fail($"{refused} requests were refused");
    });
}
