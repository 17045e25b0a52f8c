// The page from which programs read the clocks: while one CPU sets the clock, the others ask the page and the kernel in turn, and
// never see time go back. The reader does what the machine code does (Machine/X64/Vdso/vdso.asm), a step at a time.
using System;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Kernel;

public sealed class UserClockTests
{
    private const long Step = 1000 * TimeKeeper.NanosecondsPerSecond;

    private static FrameNumber s_frame;

    private static void SetUp()
    {
        FrameAllocator.Init();
        Softirq.Init();
        TimeKeeper.Init();
        Assert.True(FrameAllocator.TryTakeClear(out s_frame));
        UserClock.Init(s_frame);
    }

    private static ref long Word(int index) => ref MemoryMarshal.Cast<byte, long>(Frames.Bytes(s_frame))[index];

    private static int Sequence => (int)Volatile.Read(ref Word(UserCodePage.Sequence));

    /// <summary>clock_gettime of the vDSO.</summary>
    private static long Ask(int clock, bool checks = true)
    {
        while (true)
        {
            var sequence = Sequence;
            if (checks && (sequence & 1) != 0)
            {
                Cpu.Relax();
                continue;
            }

            Cpu.Interleave();
            var time = (long)((UInt128)(Clock.Cycles - (ulong)Word(UserCodePage.StartCycles)) * (ulong)Word(UserCodePage.Multiplier) >> 32);
            time -= Word(UserCodePage.MachineBase);
            time += (long)((Int128)time * Word(UserCodePage.Adjustment) >> 32) + Word(UserCodePage.MonotonicBase);
            if (clock is ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE)
                time -= time % Word(UserCodePage.CoarseGrain);
            time += Volatile.Read(ref Word(UserCodePage.Offsets + clock));
            Cpu.Interleave();
            if (!checks || Sequence == sequence)
                return time;
        }
    }

    private static void SetForward()
    {
        for (var i = 0; i < 2; i++)
            TimeKeeper.SetOffset(TimeKeeper.RealTime + Step);
    }

    /// <summary>Asks again and again, each time in another way; each answer is at least the one before.</summary>
    private static void AskBothWays(Func<long> kernel, bool checks)
    {
        long latest = 0;
        for (var i = 0; i < 3; i++)
        {
            latest = AtLeast(latest, Ask(ClockId.CLOCK_REALTIME, checks));
            latest = AtLeast(latest, kernel());
            latest = AtLeast(latest, Ask(ClockId.CLOCK_TAI, checks));
        }
    }

    private static long AtLeast(long before, long now)
    {
        Assert.True(now >= before, "the clock went back");
        return now;
    }

    private static void WithReaders(SimMachine machine, bool checks)
    {
        SetUp();
        Action reader = () => AskBothWays(() => TimeKeeper.RealTime, checks);
        machine.RunBodies(SetForward, reader, reader);
        Assert.Equal(TimeKeeper.RealTime, Ask(ClockId.CLOCK_REALTIME));
        Assert.Equal(TimeKeeper.RealTimeCoarse, Ask(ClockId.CLOCK_REALTIME_COARSE));
        Assert.Equal(0, Sequence & 1);
    }

    [Fact]
    public void Nobody_sees_the_clock_go_back_while_it_is_set() => Explore.Schedules(cpus: 3, machine => WithReaders(machine, checks: true), schedules: 600);

    [Fact]
    public void A_reader_that_does_not_look_at_the_counter_sees_it_go_back() =>
        Explore.FindsFailure(cpus: 3, machine => WithReaders(machine, checks: false));

    // The broken twin of the writer: first the kernel's clock, then the page. Each for itself is right.
    private sealed class OneAfterTheOther
    {
        private SequenceCount _sequence;
        private long _offset;

        public void Set()
        {
            _sequence.BeginWrite();
            _offset += Step;
            _sequence.EndWrite();
            Cpu.Interleave();
            UserClock.BeginWrite();
            UserClock.EndWrite(new TimeScale { RealOffset = _offset });
        }

        public long Read()
        {
            while (true)
            {
                var sequence = _sequence.BeginRead();
                var time = Clock.Now + _offset;
                if (!_sequence.MustRetry(sequence))
                    return time;
            }
        }
    }

    [Fact]
    public void A_writer_that_tells_the_page_afterwards_is_found_out() => Explore.FindsFailure(cpus: 2, machine =>
    {
        SetUp();
        var clocks = new OneAfterTheOther();
        UserClock.BeginWrite();
        UserClock.EndWrite(default);
        machine.RunBodies(clocks.Set, () => AskBothWays(clocks.Read, checks: true));
    });
}
