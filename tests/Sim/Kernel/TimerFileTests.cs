// Timers' files: expiry against reading, setting and closing on explored schedules. Counts are exact: what all readers got together is what
// has expired, no more and no less.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Kernel;

public sealed class TimerFileTests
{
    private const long Period = 10_000;

    private static void Run(SimMachine machine, PosixTimerFault fault, System.Action<SchedulerKernel> spawn)
    {
        PosixTimerFaults.Set(fault);
        try
        {
            var kernel = new SchedulerKernel(machine) { OnBoot = () => TimerFile.Init(4) };
            spawn(kernel);
            kernel.RunAll();
        }
        finally
        {
            PosixTimerFaults.Set(PosixTimerFault.None);
        }
    }

    /// <summary>Two readers share a periodic timer; then it is stopped, and the rest is read.</summary>
    private static void Share(SimMachine machine, PosixTimerFault fault)
    {
        TimerFile file = null!;
        long set = 0, taken = 0;
        var left = 2;
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("setter", () =>
            {
                file = TimerFile.Create(ClockId.CLOCK_MONOTONIC)!;
                file.Set(TimerFlags.TFD_TIMER_ABSTIME, Period, Period, out _, out _);
                set = Period;
                for (var reader = 0; reader < 2; reader++)
                    kernel.Spawn("reader" + reader, Read);
            });
        });

        void Read()
        {
            for (var i = 0; i < 3; i++)
            {
                var count = file.Take(isNonBlocking: false).Value;
                taken += count;
                Cpu.Interleave();
                if (taken > TimeKeeper.Monotonic / Period)
                    machine.Fail($"{taken} expirations read, {TimeKeeper.Monotonic / Period} have passed since {set}");
            }

            if (--left > 0)
                return;
            var passed = TimeKeeper.Monotonic / Period;
            taken += file.Take(isNonBlocking: false).Value;
            if (taken < passed)
                machine.Fail($"{taken} expirations read, {passed} had passed before");
            file.Close();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Readers_together_get_every_expiry_once(int cpus) => Explore.Schedules(cpus, machine => Share(machine, PosixTimerFault.None), 500);

    [Fact]
    public void Clearing_the_count_outside_the_lock_is_caught() =>
        Explore.FindsFailure(2, machine => Share(machine, PosixTimerFault.CountClearedOutsideLock));

    /// <summary>
    /// One task sets the timer far off while another's earlier setting expires; then nothing may be readable. The file is closed at once
    /// and its object used again, for a timer that is at rest and must stay so.
    /// </summary>
    private static void SetAndClose(SimMachine machine, PosixTimerFault fault)
    {
        Run(machine, fault, kernel =>
        {
            var file = default(TimerFile);
            kernel.Spawn("first", () =>
            {
                var mine = TimerFile.Create(ClockId.CLOCK_MONOTONIC)!;
                mine.Set(0, 600, 0, out _, out _);
                file = mine;
            });
            kernel.Spawn("second", () =>
            {
                while (file is null)
                    Sleep.For(100);
                const long Long = 1_000_000_000;
                var set = TimeKeeper.Monotonic;
                file.Set(0, Long, 0, out _, out _);
                Cpu.Interleave();
                var early = file.Take(isNonBlocking: true);
                file.Get(out var value, out _);

                // A schedule may let time leap to that moment.
                if ((early.IsOk || value == 0) && TimeKeeper.Monotonic < set + Long)
                    machine.Fail($"{early.Value} expirations of what was set before, {value} ns left");
                file.Set(0, 200, 0, out _, out _);
                file.Close();
                var other = TimerFile.Create(ClockId.CLOCK_MONOTONIC)!;
                Sleep.For(2_000);
                if (other.Take(isNonBlocking: true).IsOk)
                    machine.Fail("a new timer has expired");
                other.Close();
                if (TimerFile.Pool.Used != 0)
                    machine.Fail("a timer is left");
            });
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Setting_and_closing_end_what_was_set_before(int cpus) =>
        Explore.Schedules(cpus, machine => SetAndClose(machine, PosixTimerFault.None), 500);

    // Three tasks: the timer is due on CPU 0, whose task reads; two read on CPU 1.
    private static System.Action<SimMachine> ReadBesideExpiry(PosixTimerFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        TimerFile file = null!;
        long taken = 0;
        void Read()
        {
            var result = file.Take(isNonBlocking: true);
            taken += result.IsOk ? result.Value : 0;
        }

        Run(machine, fault, kernel =>
        {
            small.Prepare = () =>
            {
                file = TimerFile.Create(ClockId.CLOCK_MONOTONIC)!;
                file.Set(0, 600, 0, out _, out _);
                small.HoldNextInterrupt();
            };
            kernel.Spawn("expiring", small.Part(() => { Cpu.EnableInterrupts(); Read(); }), CpuSet.Of(0));
            kernel.Spawn("reader1", small.Part(Read), CpuSet.Of(1));
            kernel.Spawn("reader2", small.Part(Read), CpuSet.Of(1));
        });
        if (taken != 1)
            machine.Fail($"{taken} expirations read, one has passed");
    };

    [Fact]
    public void All_schedules_of_an_expiry_and_three_readers_tell_it_once()
    {
        Explore.All(ReadBesideExpiry(PosixTimerFault.None));
        Explore.AllFindFailure(ReadBesideExpiry(PosixTimerFault.CountClearedOutsideLock));
    }

    // The timer is due on CPU 0; on CPU 1 it is set far off.
    private static System.Action<SimMachine> SetBesideExpiry(PosixTimerFault fault) => machine =>
    {
        const long Long = 1_000_000_000;
        var small = new SmallCase(machine);
        TimerFile file = null!;
        Run(machine, fault, kernel =>
        {
            small.Prepare = () =>
            {
                file = TimerFile.Create(ClockId.CLOCK_MONOTONIC)!;
                file.Set(0, 600, 0, out _, out _);
                small.HoldNextInterrupt();
            };
            kernel.Spawn("expiring", small.Part(Cpu.EnableInterrupts), CpuSet.Of(0));
            kernel.Spawn("setter", small.Part(() =>
            {
                var set = TimeKeeper.Monotonic;
                file.Set(0, Long, 0, out _, out _);
                Cpu.Interleave();
                if (file.Take(isNonBlocking: true).IsOk && TimeKeeper.Monotonic < set + Long)
                    machine.Fail("an expiration of what was set before");
                file.Close();
            }), CpuSet.Of(1));
        });
        if (TimerFile.Pool.Used != 0)
            machine.Fail("a timer is left");
    };

    [Fact]
    public void All_schedules_of_an_expiry_and_a_new_setting_forget_the_expiry()
    {
        Explore.All(SetBesideExpiry(PosixTimerFault.None));
        Explore.AllFindFailure(SetBesideExpiry(PosixTimerFault.StaleExpiryCounts));
    }

    [Fact]
    public void An_expiry_that_overlooks_the_new_time_is_caught() =>
        Explore.FindsFailure(2, machine => SetAndClose(machine, PosixTimerFault.StaleExpiryCounts), 20000);
}
