// Spin locks of both kinds and sequence locks under every interleaving, each CPU running plain code: nobody is inside with a writer, nobody is
// forgotten, who came first is served first, an interrupt may read what it interrupted.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Sync;

public sealed class SpinLockTests
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.InodeTable;
    }

    private static SimOptions Cpus(int count) => new() { Cpus = count, MaxSteps = 100_000 };

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

    private sealed class Guarded
    {
        private SpinLock<Rank, PreemptionOff> _lock;
        private int _inside;

        public int Value { get; private set; }

        public void Add()
        {
            using (_lock.Acquire())
            {
                Assert.Equal(1, ++_inside);
                var value = Value;
                Cpu.Interleave();
                Value = value + 1;
                _inside--;
            }
        }

        public void WaitUntilFree() => _lock.WaitUntilFree();

        public bool IsHeld => _lock.IsHeld;
    }

    private static Action<SimMachine> ThreeCpus => machine =>
    {
        var guarded = new Guarded();
        machine.RunBodies(guarded.Add, guarded.Add, guarded.Add);
        Assert.Equal(3, guarded.Value);
        Assert.False(guarded.IsHeld);
    };

    [Theory]
    [InlineData(LockFault.SpinForgetsNext)]
    [InlineData(LockFault.SpinClearsQueue)]
    internal void All_schedules_of_three_CPUs_keep_the_queue(LockFault broken)
    {
        Explore.All(ThreeCpus, Explore.Bound(2, 3), Cpus(3));
        With(broken, () => Explore.AllFindFailure(ThreeCpus, 3, Cpus(3)));
    }

    [Theory]
    [InlineData(Strategy.Mixed)]
    [InlineData(Strategy.PriorityChanges)]
    public void Every_CPU_gets_in_as_often_as_it_asks(Strategy strategy) => Explore.Schedules(cpus: 4, machine =>
    {
        var guarded = new Guarded();
        Action twice = () => { guarded.Add(); guarded.Add(); guarded.Add(); };
        machine.RunBodies(twice, twice, twice, twice);
        Assert.Equal(12, guarded.Value);
    }, schedules: 1500, strategy);

    // Who is in the queue is passed by nobody: with the holder inside, the order of joining is the order of entering.
    [Fact]
    public void Waiters_enter_in_the_order_they_came() => Explore.Schedules(cpus: 3, machine =>
    {
        var spin = default(QueuedSpin);
        var entered = new List<int>();
        var arrived = 0;
        Assert.True(spin.TryTake());
        Action waiter = () =>
        {
            while (Cpu.Id == 2 && arrived < 2)
                Cpu.Relax();
            arrived++;
            Assert.False(spin.TryTake());
            if (Cpu.Id == 1)
                arrived++; // the next step is into the queue
            spin.Wait();
            entered.Add(Cpu.Id);
            spin.Give();
            Cpu.Interleave();
        };
        machine.RunBodies(() =>
        {
            while (arrived < 3)
                Cpu.Relax();
            spin.Give();
            Cpu.Interleave();
            for (var i = 0; i < 3; i++)
            {
                if (!spin.TryTake())
                    spin.Wait();
                entered.Add(0);
                spin.Give();
                Cpu.Interleave();
            }
        }, waiter, waiter);
        Assert.True(entered.IndexOf(1) < entered.IndexOf(2), string.Join(' ', entered));
        Assert.Equal(5, entered.Count);
    }, schedules: 1500);

    [Fact]
    public void Waiting_until_it_is_free_sees_the_holder_leave() => Explore.Schedules(cpus: 2, machine =>
    {
        SpinLock<Rank, PreemptionOff> spin = default;
        var isInside = false;
        machine.RunBodies(
            () =>
            {
                using (spin.Acquire())
                {
                    isInside = true;
                    Cpu.Interleave();
                    isInside = false;
                }
            },
            () =>
            {
                var wasInside = isInside;
                spin.WaitUntilFree();
                Assert.False(wasInside && isInside);
            });
    }, schedules: 1000);

    private sealed class Shared
    {
        private ReadWriteSpinLock<Rank, PreemptionOff, IrqsOff> _lock;
        private int _readers, _writers;

        public int Value { get; private set; }

        public void Write()
        {
            using (_lock.AcquireWrite())
                Change();
        }

        public void WriteIfFree()
        {
            if (!_lock.TryAcquireWrite(out var token))
                return;
            Change();
            _lock.ReleaseWrite(token);
        }

        private void Change()
        {
            Assert.Equal(0, _readers);
            Assert.Equal(1, ++_writers);
            var value = Value;
            Cpu.Interleave();
            Value = value + 1;
            Assert.Equal(0, _readers);
            _writers--;
        }

        public void Read()
        {
            using (_lock.AcquireRead())
                Look();
        }

        public void ReadIfFree()
        {
            if (!_lock.TryAcquireRead(out var token))
                return;
            Look();
            _lock.ReleaseRead(token);
        }

        private void Look()
        {
            Assert.Equal(0, _writers);
            _readers++;
            Cpu.Interleave();
            Assert.Equal(0, _writers);
            _readers--;
        }

        public bool IsHeld => _lock.IsHeld;

        public bool IsWanted => _lock.IsWanted;
    }

    private static Action<SimMachine> TwoReadersAndAWriter => machine =>
    {
        var shared = new Shared();
        machine.RunBodies(shared.Read, shared.Write, shared.Read);
        Assert.Equal(1, shared.Value);
        Assert.False(shared.IsHeld);
    };

    [Fact]
    public void All_schedules_of_readers_and_a_writer_keep_them_apart()
    {
        Explore.All(TwoReadersAndAWriter, Explore.Bound(2, 3), Cpus(3));
        With(LockFault.WriterOverlooksReaders, () => Explore.AllFindFailure(TwoReadersAndAWriter, 2, Cpus(3)));
    }

    [Theory]
    [InlineData(Strategy.Mixed)]
    [InlineData(Strategy.PriorityChanges)]
    public void Readers_and_writers_of_all_sorts_come_through(Strategy strategy) => Explore.Schedules(cpus: 4, machine =>
    {
        var shared = new Shared();
        machine.RunBodies(
            () => { shared.Write(); shared.Read(); shared.ReadIfFree(); },
            () => { shared.Read(); shared.Write(); shared.Write(); },
            () => { shared.Read(); shared.Read(); shared.WriteIfFree(); },
            () => { shared.ReadIfFree(); shared.Read(); shared.Write(); });
        Assert.InRange(shared.Value, 4, 5);
        Assert.False(shared.IsHeld);
    }, schedules: 2000, strategy);

    // A reader that comes when the writer already waits is behind it.
    [Theory]
    [InlineData(Strategy.Mixed)]
    [InlineData(Strategy.PriorityChanges)]
    public void Readers_that_follow_each_other_do_not_pass_a_writer_that_waits(Strategy strategy) => Explore.Schedules(cpus: 3, machine =>
    {
        var shared = new Shared();
        var passed = 0;
        Action reader = () =>
        {
            for (var i = 0; i < 6; i++)
            {
                var isWanted = shared.IsWanted;
                shared.Read();
                if (isWanted && shared.Value == 0)
                    passed++;
            }
        };
        machine.RunBodies(shared.Write, reader, reader);
        Assert.Equal(1, shared.Value);
        Assert.Equal(0, passed);
    }, schedules: 1000, strategy);

    // A reader's CPU is interrupted by another reader while a writer waits on the other CPU.
    private static Action<SimMachine> ReaderInterruptsReader => machine =>
    {
        var shared = new Shared();
        KernelEntry.Instance = new Handler(shared.Read);
        machine.Raise(0, PendingInterrupts.Call);
        machine.RunBodies(shared.Read, shared.Write);
        Assert.Equal(1, shared.Value);
    };

    [Fact]
    public void An_interrupt_may_read_what_it_interrupted_while_a_writer_waits()
    {
        Explore.All(ReaderInterruptsReader, Explore.Bound(2, 3), Cpus(2));
        With(LockFault.InterruptReaderQueues, () => Explore.AllFindFailure(ReaderInterruptsReader, 3, Cpus(2)));
    }

    private sealed class Handler : SimMachine.NoKernel
    {
        private readonly Action _handler;

        public Handler(Action handler) => _handler = handler;

        public override void CallInterrupt()
        {
            Cpu.Current.PreemptCount += Jiffy.Kernel.Sched.Preemption.HardirqOne;
            _handler();
            Cpu.Current.PreemptCount -= Jiffy.Kernel.Sched.Preemption.HardirqOne;
        }
    }

    private sealed class Pair
    {
        private SequenceLock<Rank, PreemptionOff> _lock;
        private int _left, _right;

        public void Write()
        {
            using (_lock.AcquireWrite())
            {
                _left++;
                Cpu.Interleave();
                _right++;
            }
        }

        public void Read(bool retries)
        {
            int sequence, left, right;
            do
            {
                sequence = _lock.BeginRead();
                left = _left;
                Cpu.Interleave();
                right = _right;
            }
            while (_lock.MustRetry(sequence) && retries);
            Assert.Equal(left, right);
        }

        public int ReadOrLock()
        {
            var reading = default(SequenceReading);
            int left, right, rounds = 0;
            do
            {
                _lock.BeginReadOrLock(ref reading);
                left = _left;
                Cpu.Interleave();
                right = _right;
                rounds++;
            }
            while (_lock.MustReadAgain(ref reading));
            _lock.EndRead(reading);
            Assert.Equal(left, right);
            return rounds;
        }

        public void Exclude()
        {
            using (_lock.AcquireExclusive())
            {
                var left = _left;
                Cpu.Interleave();
                Assert.Equal(left, _right);
            }
        }
    }

    private static Action<SimMachine> ReaderAndWriter(bool retries) => machine =>
    {
        var pair = new Pair();
        machine.RunBodies(() => pair.Read(retries), () => { pair.Write(); pair.Write(); });
    };

    [Fact]
    public void All_schedules_of_a_sequence_lock_show_readers_a_whole()
    {
        Explore.All(ReaderAndWriter(retries: true), Explore.Bound(2, 3), Cpus(2));
        Explore.AllFindFailure(ReaderAndWriter(retries: false), 2, Cpus(2));
    }

    [Fact]
    public void A_second_reading_is_the_last() => Explore.Schedules(cpus: 3, machine =>
    {
        var pair = new Pair();
        machine.RunBodies(
            () => Assert.InRange(pair.ReadOrLock(), 1, 2),
            () => { pair.Write(); pair.Write(); pair.Write(); },
            () => { pair.Exclude(); pair.Write(); });
    }, schedules: 1500);
}
