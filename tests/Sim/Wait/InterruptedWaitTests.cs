// Every blocking operation, each of its looks for signals in turn interrupted: the result is the documented one, nothing is left, and the unit comes to
// whoever goes on waiting. And the same operations on waits that are broken, which must be caught.
using System;
using System.Collections.Generic;
using System.Linq;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Wait;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Wait;

public sealed class InterruptedWaitTests
{
    private const int MostLooks = 30;

    public static IEnumerable<TheoryDataRow<string>> Operations() => UnitCases.Names.Select(static name => new TheoryDataRow<string>(name));

    private static ExploreOptions Options(int schedules) =>
        new() { Machine = new SimOptions { Cpus = 2, MemoryBytes = 24 << 20, MaxSteps = 200_000 }, Schedules = schedules };

    private static SimOptions Small => new() { Cpus = 2, MemoryBytes = 24 << 20, MaxSteps = 500_000 };

    // Until no schedule comes to that look any more.
    [Theory]
    [MemberData(nameof(Operations))]
    public void Each_wait_in_turn_is_interrupted(string name)
    {
        foreach (var restarts in new[] { false, true })
        {
            var nth = 0;
            for (var wasReached = true; wasReached && nth < MostLooks;)
            {
                nth++;
                wasReached = false;
                Explore.Schedules(Options(4), machine =>
                {
                    var run = new UnitRun(UnitCases.Make(name), machine, isSmall: false) { Nth = nth, Restarts = restarts };
                    run.Run();
                    wasReached |= run.WasReached;
                });
            }

            Assert.True(nth is > 2 and < MostLooks, $"{nth} looks");
        }
    }

    // The signal may come at any step: before the sleep, in it, together with the unit.
    [Theory]
    [MemberData(nameof(Operations))]
    public void All_schedules_of_a_unit_a_signal_and_another_who_waits(string name) => Explore.All(
        machine => new UnitRun(UnitCases.Make(name), machine, isSmall: true) { Signals = true }.Run(), Explore.Bound(1, 2), Small);

    // ---- Broken twins --------------------------------------------------------------------------------------------------------

    // What sleeps by its own means has its own mistakes in its own tests: semaphores, epoll, System V's objects.
    private static readonly string[] s_plain =
    [
        "WaitEvent", "WaitEventUntil", "WaitEventTimeout", "WaitEventCommand", "WaitEventHolding", "WaitEventLocked", "WaitAndSet", "completion",
        "pipe read", "pipe write", "splice", "eventfd read", "eventfd write", "timerfd", "inotify",
        "stream read", "datagram read", "seqpacket read", "stream write", "datagram write", "seqpacket write", "accept", "connect",
    ];

    // Of those, exclusive sleepers who do not look again whether to pass on what they leave.
    private static readonly string[] s_exclusive =
        ["WaitEvent", "WaitEventUntil", "WaitEventTimeout", "WaitEventCommand", "WaitAndSet", "completion", "datagram read", "seqpacket read", "accept", "connect"];

    public static IEnumerable<TheoryDataRow<string>> Plain() => s_plain.Select(static name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string>> Exclusive() => s_exclusive.Select(static name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Plain))]
    public void A_condition_tested_before_queueing_is_caught(string name) => FindsFailure(name, WaitFault.TestedBeforeQueueing);

    [Theory]
    [MemberData(nameof(Plain))]
    public void A_state_set_after_the_test_is_caught(string name) => FindsFailure(name, WaitFault.StateSetAfterTest);

    [Theory]
    [MemberData(nameof(Exclusive))]
    public void A_wake_up_that_is_swallowed_is_caught(string name) => With(WaitFault.WakeUpSwallowed, () => Explore.AllFindFailure(
        machine => new UnitRun(UnitCases.Make(name), machine, isSmall: true) { Nth = 1 }.Run(), 1, Small));

    [Fact]
    public void A_poller_that_looks_before_it_says_that_it_sleeps_is_caught()
    {
        EventFaults.Set(EventFault.PollerLooksFirst);
        try
        {
            Explore.FindsFailure(Options(2000), static machine => new UnitRun(UnitCases.Make("poll"), machine, isSmall: false).Run());
        }
        finally
        {
            EventFaults.Set(EventFault.None);
        }
    }

    private static void FindsFailure(string name, WaitFault fault) => With(fault, () => Explore.FindsFailure(
        Options(3000), machine => new UnitRun(UnitCases.Make(name), machine, isSmall: false).Run()));

    private static void With(WaitFault fault, Action search)
    {
        WaitFaults.Set(fault);
        try
        {
            search();
        }
        finally
        {
            WaitFaults.Set(WaitFault.None);
        }
    }
}
