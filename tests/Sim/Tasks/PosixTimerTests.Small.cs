// Cases so small that the search of all schedules ends, and what exec and the signal mask do to timers. A timer is due on CPU 0, where its thread
// sleeps, when the other thread changes it on CPU 1: calm until then and after it.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Time;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed partial class PosixTimerTests
{
    private const ulong CpusAt = 0x380;

    private static readonly SimOptions s_small = new() { Cpus = 2, MemoryBytes = 8 << 20, MaxSteps = 500_000, TimeLeaps = false };

    private static Action<SimMachine> Small(SimScript script, PosixTimerFault fault) => machine =>
    {
        machine.IsCalm = true;
        Run(machine, script, fault);
    };

    private static SimScript Pin(SimScript script, int cpu) => script
        .Put(CpusAt + 8 * (ulong)cpu, 1UL << cpu)
        .Do(user => user.Call(SyscallNumber.sched_setaffinity, 0, 8, user.Data + CpusAt + 8 * (ulong)cpu))
        .Expect(result => result == 0, "sched_setaffinity");

    /// <summary>The thread has set the timer, whose time comes now; what follows is explored.</summary>
    private static SimScript Begin(SimScript script) => script.Do(_ =>
    {
        SimMachine.Current.IsCalm = false;
        SimMachine.Current.PassTime();
    });

    private static SimScript End(SimScript script) => script.Do(_ => SimMachine.Current.IsCalm = true);

    private static SimScript Spec(SimScript script, ulong seconds) =>
        script.Put(SpecAt, 0).Put(SpecAt + 8, 0).Put(SpecAt + 16, seconds).Put(SpecAt + 24, 0);

    private static SimScript SetTimer(SimScript script) => script
        .Do(user => user.Call(SyscallNumber.timer_settime, user.Load32(user.Data + IdAt), 0, user.Data + SpecAt))
        .Expect(result => result == 0, "settime");

    // It sleeps until the other CPU is there.
    private static SimScript MainPart() =>
        Pin(Sleep(new SimScript().Block(Bit(Signal)).Put(SetAt, Bit(Signal)), 50_000).Thread("thread"), 1).Await(CountAt, 1);

    private static SimScript ThreadPart(SimScript script)
    {
        script = Arm(Create(Pin(script.PowerOff().Label("thread"), 0)), 300_000, 0).Put(CountAt, 1);
        return Sleep(script, 500_000_000).Spin();
    }

    private static SimScript SmallSetting()
    {
        var script = End(SetTimer(Begin(Spec(MainPart(), 3))))
            .Do(user => user.Call(SyscallNumber.timer_gettime, user.Load32(user.Data + IdAt), user.Data + SpecAt))
            .Expect(result => result == 0, "timer_gettime")
            .Do(user => Same(2, (long)user.Load(user.Data + SpecAt + 16), "whole seconds left"));
        return ThreadPart(script);
    }

    // Deleted while its expiry is under way; the object is at once another timer, which must not go off.
    private static SimScript SmallDeletion()
    {
        var script = Begin(Spec(MainPart(), 900).Do(user => user.Store(user.Data + EventAt, 7)).Do(user => user.Store(user.Data + EventAt + 8, Signal)));
        script = Delete(script)
            .Do(user => user.Call(SyscallNumber.timer_create, CpuTime, user.Data + EventAt, user.Data + IdAt))
            .Expect(result => result == 0, "timer_create");
        return ThreadPart(Drain(End(SetTimer(script)), "before its time"));
    }

    [Fact]
    public void All_schedules_of_an_expiry_and_a_new_setting_forget_the_expiry()
    {
        Explore.All(Small(SmallSetting(), PosixTimerFault.None), bound: 2, s_small);
        Explore.AllFindFailure(Small(SmallSetting(), PosixTimerFault.StaleExpiryCounts), bound: 2, s_small);
    }

    [Fact]
    public void All_schedules_of_an_expiry_and_a_deletion_leave_the_next_timer_alone()
    {
        Explore.All(Small(SmallDeletion(), PosixTimerFault.None), bound: 2, s_small);
        Explore.AllFindFailure(Small(SmallDeletion(), PosixTimerFault.FreedUnderCallback), bound: 2, s_small);
    }

    // ---- The interval timer and the signal mask --------------------------------------------------------------------------------

    /// <summary>
    /// The alarm goes off while SIGALRM is blocked: one signal waits, and comes when the mask lets it. The timer goes on in its old rhythm, not
    /// from the delivery.
    /// </summary>
    private static SimScript BlockedAlarm()
    {
        const ulong Micros = 200;
        var script = ReadClock(new SimScript().Put(CountAt, 0).Handle(SIGALRM, "handler").Block(Bit(SIGALRM)), TimeAt);
        script.Put(SpecAt, 0).Put(SpecAt + 8, Micros).Put(SpecAt + 16, 0).Put(SpecAt + 24, Micros)
            .Do(user => user.Call(SyscallNumber.setitimer, 0, user.Data + SpecAt))
            .Expect(result => result == 0, "setitimer");
        script = Sleep(ReadClock(script, TimeAt + 16), 3 * Micros * 1000 + 80_000)
            .Do(user => Same(0, (long)user.Load(user.Data + CountAt), "alarms while blocked"))
            .Block(0)
            .Do(user => Same(1, (long)user.Load(user.Data + CountAt), "alarms after unblocking"));
        script = ReadClock(script, TimeAt + 32)
            .Do(user => user.Call(SyscallNumber.getitimer, 0, user.Data + SpecAt))
            .Expect(result => result == 0, "getitimer");
        return ReadClock(script, TimeAt + 48)
            .Do(user =>
            {
                // The next alarm is a whole number of periods after the setting, as exactly as the clock's readings tell.
                const long Period = (long)Micros * 1000;
                var left = (long)user.Load(user.Data + SpecAt + 24) * 1000;
                var least = Time(user, TimeAt + 32) + left - 1000 - Time(user, TimeAt + 16);
                var most = Time(user, TimeAt + 48) + left + 1000 - Time(user, TimeAt);
                if (most / Period * Period < least)
                    SimMachine.Current.Fail($"the next alarm is {least} to {most} ns after the setting, the period is {Period} ns");
            })
            .PowerOff()
            .Label("handler")
            .Do(user => user.Registers.R12 = user.Load(user.Data + CountAt) + 1)
            .Do(user => user.Store(user.Data + CountAt, user.Registers.R12))
            .EndHandler("handler");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_blocked_alarm_waits_and_the_timer_keeps_its_rhythm(int cpus) => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = cpus, MemoryBytes = 8 << 20, TimeLeaps = false }, Schedules = 200 },
        static machine => Run(machine, BlockedAlarm(), PosixTimerFault.None));

    [Fact]
    public void An_alarm_that_counts_from_its_delivery_is_caught() => Explore.FindsFailure(
        new ExploreOptions { Machine = new SimOptions { Cpus = 1, MemoryBytes = 8 << 20, TimeLeaps = false }, Schedules = 200 },
        static machine => Run(machine, BlockedAlarm(), PosixTimerFault.PeriodsDrift));

    // ---- Exec -------------------------------------------------------------------------------------------------------------------

    // POSIX timers end with the program, whichever thread set them and whatever goes off meanwhile; the interval timer goes on.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Exec_ends_POSIX_timers_and_keeps_the_interval_timer(int cpus)
    {
        var other = new SimScript()
            .Do(_ => Same(0, PosixTimer.Pool.Used, "timers left"))
            .Do(user => user.Call(SyscallNumber.timer_delete, 0))
            .Expect(result => result == -(long)Errno.EINVAL, "timer_delete after exec")
            .Do(user => user.Call(SyscallNumber.getitimer, 0, user.Data + SpecAt))
            .Expect(result => result == 0, "getitimer")
            .Do(user => user.Registers.R12 = user.Load(user.Data + SpecAt + 16))
            .Do(user =>
            {
                if (user.Registers.R12 == 0)
                    SimMachine.Current.Fail("the interval timer has gone");
            })
            .Exit(3);
        const ulong PathAt = 0x400;
        var script = new SimScript().Fork("child").WaitFor(3 << 8).PowerOff().Label("child").Block(Bit(Signal))
            .Put(SpecAt, 0).Put(SpecAt + 8, 0).Put(SpecAt + 16, 1_000_000).Put(SpecAt + 24, 0)
            .Do(user => user.Call(SyscallNumber.setitimer, 0, user.Data + SpecAt))
            .Expect(result => result == 0, "setitimer")
            .Thread("thread");
        script = Arm(Create(script), 3_000, 700)
            .Do(user => user.Store(user.Data + PathAt, "/other\0"u8))
            .Do(user => user.Call(SyscallNumber.execve, user.Data + PathAt))
            .Expect(_ => false, "execve returned")
            .Label("thread");
        var guest = new Guest(Arm(Create(script), 5_000, 900).Spin()).Add("other", other);
        var options = new SimOptions { Cpus = cpus, MemoryBytes = 16 << 20, Ramdisk = guest.Options(cpus).Ramdisk, TimeLeaps = false };
        Explore.Schedules(new ExploreOptions { Machine = options, Schedules = 60 }, machine => guest.Run(machine));
    }
}
