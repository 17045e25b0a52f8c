// The blocking operations as cases of one unit. Each says how it is waited for, given and taken, and nothing else.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Tests.Sim.Files;
using Jiffy.Tests.Sim.Ipc;
using Jiffy.Tests.Sim.Net;
using Xunit;
using Semaphore = Jiffy.Kernel.Sync.Semaphore;

namespace Jiffy.Tests.Sim.Wait;

internal static partial class UnitCases
{
    /// <summary>A new case of that name.</summary>
    public static UnitCase Make(string name) => s_all[name]();

    public static IEnumerable<string> Names => s_all.Keys;

    private static readonly Dictionary<string, Func<UnitCase>> s_all = new()
    {
        ["WaitEvent"] = () => new GateUnit(Form.Plain),
        ["WaitEventUntil"] = () => new GateUnit(Form.Until),
        ["WaitEventTimeout"] = () => new GateUnit(Form.Timeout),
        ["WaitEventCommand"] = () => new GateUnit(Form.Command),
        ["WaitEventHolding"] = () => new GateUnit(Form.Holding),
        ["WaitEventLocked"] = () => new GateUnit(Form.OwnLock),
        ["WaitAndSet"] = () => new GateUnit(Form.BitLock),
        ["semaphore"] = () => new SemaphoreUnit(),
        ["completion"] = () => new CompletionUnit(),
        ["sleep_on"] = () => new SleepOnUnit(),
        ["mutex"] = () => new MutexUnit(),
        ["rt-mutex"] = () => new RtMutexUnit(),
        ["read lock"] = () => new ReadWriteUnit(writes: false),
        ["write lock"] = () => new ReadWriteUnit(writes: true),
        ["pipe read"] = () => new PipeUnit(),
        ["pipe write"] = () => new PipeRoom(),
        ["splice"] = () => new SpliceUnit(keep: false),
        ["tee"] = () => new SpliceUnit(keep: true),
        ["eventfd read"] = () => new CounterUnit(),
        ["eventfd write"] = () => new CounterRoom(),
        ["poll"] = () => new PollUnit(),
        ["epoll level"] = () => new EpollUnit(0),
        ["epoll edge"] = () => new EpollUnit(EpollFlags.EPOLLET),
        ["epoll one-shot"] = () => new EpollUnit(EpollFlags.EPOLLONESHOT),
        ["epoll exclusive"] = () => new EpollUnit(EpollFlags.EPOLLEXCLUSIVE, sets: 2),
        ["epoll nested"] = () => new EpollUnit(0, isNested: true),
        ["timerfd"] = () => new TimerUnit(),
        ["inotify"] = () => new NotifyUnit(),
        ["stream read"] = () => new SocketUnit(SocketConstants.SOCK_STREAM),
        ["datagram read"] = () => new SocketUnit(SocketConstants.SOCK_DGRAM),
        ["seqpacket read"] = () => new SocketUnit(SocketConstants.SOCK_SEQPACKET),
        ["stream write"] = () => new SocketRoom(SocketConstants.SOCK_STREAM),
        ["datagram write"] = () => new SocketRoom(SocketConstants.SOCK_DGRAM),
        ["seqpacket write"] = () => new SocketRoom(SocketConstants.SOCK_SEQPACKET),
        ["accept"] = () => new AcceptUnit(),
        ["connect"] = () => new ConnectRoom(),
        ["semop"] = () => new SysVUnit(),
        ["msgrcv"] = () => new MessageUnit(),
        ["msgsnd"] = () => new MessageRoom(),
        ["mq_receive"] = () => new PosixUnit(),
        ["mq_send"] = () => new PosixRoom(),
    };

    private sealed class GateUnit(Form form) : UnitCase
    {
        private Gate _gate = null!;

        public override bool HasFiles => false;
        public override void Boot() => WaitPlace.InitQueues(1);
        public override void Make() => _gate = new Gate(form, takes: true);
        public override Errno Take(int who) => _gate.Wait(TaskState.Interruptible);
        public override void Give() => _gate.Give();
        public override void End() => Assert.True(_gate.Queue.IsEmpty);
    }

    private sealed class SemaphoreUnit : UnitCase
    {
        private readonly Semaphore _semaphore = new(0);

        public override bool HasFiles => false;

        public override void Make()
        {
        }

        public override Errno Take(int who) => _semaphore.Down(TaskState.Interruptible);
        public override void Give() => _semaphore.Up();

        public override void End()
        {
        }
    }

    private sealed class CompletionUnit : UnitCase
    {
        private readonly Completion _completion = new();

        public override bool HasFiles => false;

        public override void Make()
        {
        }

        public override Errno Take(int who) => _completion.Wait(TaskState.Interruptible);
        public override void Give() => _completion.Complete();

        public override void End()
        {
        }
    }

    /// <summary>Of files that are read and written.</summary>
    private static Errno Read(OpenFile file, int length)
    {
        var to = new IoBuffer((Span<byte>)new byte[length]);
        return Judge(FileIo.Read(file, ref to), length);
    }

    private static Errno Write(OpenFile file, int length)
    {
        var from = new IoBuffer((ReadOnlySpan<byte>)new byte[length]);
        return Judge(FileIo.Write(file, ref from), length);
    }

    private static Errno Judge(Result<int> result, int length)
    {
        Assert.True(!result.IsOk || result.Value == length);
        return result.Error;
    }

    private abstract class PipeCase : UnitCase
    {
        protected OpenFile Reader { get; private set; } = null!;
        protected OpenFile Writer { get; private set; } = null!;

        public override void Make()
        {
            Assert.Equal(Errno.None, Pipe.Create(0, out var reader, out var writer));
            (Reader, Writer) = (reader!, writer!);
        }

        public override void End()
        {
            Reader.Drop();
            Writer.Drop();
        }
    }

    private sealed class PipeUnit : PipeCase
    {
        public override Errno Take(int who) => Read(Reader, 1);
        public override void Give() => Assert.Equal(Errno.None, Write(Writer, 1));
    }

    private sealed class PipeRoom : PipeCase
    {
        public override void Make()
        {
            base.Make();
            Assert.True(FifoOperations.TryGet(Reader)!.SetCapacity(Frames.Size).IsOk);
            Fill();
        }

        public override Errno Take(int who) => Write(Writer, Frames.Size);
        public override void Give() => Assert.Equal(Errno.None, Read(Reader, Frames.Size));
        private void Fill() => Assert.Equal(Errno.None, Write(Writer, Frames.Size));
    }

    private sealed class SpliceUnit(bool keep) : PipeCase
    {
        private OpenFile _otherReader = null!, _otherWriter = null!;

        public override void Make()
        {
            base.Make();
            Assert.Equal(Errno.None, Pipe.Create(0, out var reader, out var writer));
            (_otherReader, _otherWriter) = (reader!, writer!);
        }

        // What tee leaves is read; another may have been faster.
        public override Errno Take(int who)
        {
            while (true)
            {
                var error = Judge(FifoOperations.TryGet(Reader)!.PassTo(FifoOperations.TryGet(_otherReader)!, 1, nonBlocking: false, keep), 1);
                if (error != Errno.None || !keep || TryRead())
                    return error;
            }
        }

        private bool TryRead()
        {
            var to = new IoBuffer((Span<byte>)new byte[1]);
            return FifoOperations.TryGet(Reader)!.Read(ref to, nonBlocking: true).IsOk;
        }

        public override void Give() => Assert.Equal(Errno.None, Write(Writer, 1));

        public override void End()
        {
            base.End();
            _otherReader.Drop();
            _otherWriter.Drop();
        }
    }

    private abstract class CounterCase : UnitCase
    {
        protected OpenFile Counter { get; private set; } = null!;
        protected bool TryTake() => EventKernel.Take(Counter) != 0;

        public override void Boot() => EventCounter.Init(8);
        public override void Make() => Counter = EventKernel.Counter(isSemaphore: true);
        public override void Give() => EventKernel.Signal(Counter);
        public override void End() => Counter.Drop();
    }

    private sealed class CounterUnit : CounterCase
    {
        public override Errno Take(int who) => EventCounterOperations.TryGet(Counter)!.Take(isNonBlocking: false).Error;
    }

    private sealed class CounterRoom : CounterCase
    {
        public override void Make()
        {
            base.Make();
            EventKernel.Signal(Counter, EventCounter.Most);
        }

        public override Errno Take(int who) => EventCounterOperations.TryGet(Counter)!.Add(1, isNonBlocking: false);
        public override void Give() => Assert.True(TryTake());
    }

    private sealed class PollUnit : CounterCase
    {
        public override Errno Take(int who)
        {
            while (true)
            {
                var error = Poll();
                if (error != Errno.None || TryTake())
                    return error;
            }
        }

        private Errno Poll()
        {
            Assert.True(Poller.Create().TryGet(out var table));
            var error = Errno.None;
            for (var asked = table; error == Errno.None && Poller.Ask(Counter, FileConstants.POLLIN, asked) == 0; asked = null)
                error = table.Wait(long.MaxValue);
            table.Close();
            return error;
        }
    }

    private sealed class EpollUnit(uint manner, int sets = 1, bool isNested = false) : CounterCase
    {
        private readonly OpenFile[] _sets = new OpenFile[2];
        private OpenFile? _outer;

        public override void Make()
        {
            base.Make();
            for (var i = 0; i < sets; i++)
                Assert.Equal(Errno.None, EventKernel.Add(_sets[i] = EventKernel.Set(), Counter, FileConstants.POLLIN | manner));
            if (isNested)
                Assert.Equal(Errno.None, EventKernel.Add(_outer = EventKernel.Set(), _sets[0], FileConstants.POLLIN));
        }

        public override Errno Take(int who)
        {
            while (true)
            {
                var set = _outer ?? _sets[who % sets];
                var error = Wait(set);
                if (error != Errno.None)
                    return error;
                var isTaken = TryTake();
                if (manner == EpollFlags.EPOLLONESHOT)
                    EventKernel.Modify(set, Counter, FileConstants.POLLIN | manner);
                if (isTaken)
                    return Errno.None;
            }
        }

        private static Errno Wait(OpenFile set)
        {
            var to = new IoBuffer((Span<byte>)new byte[EpollEvent.Bytes]);
            return EpollOperations.TryGet(set)!.Wait(ref to, 1, long.MaxValue).Error;
        }

        public override void End()
        {
            base.End();
            foreach (var set in _sets)
                set?.Drop();
            _outer?.Drop();
        }
    }

    private sealed class TimerUnit : UnitCase
    {
        private TimerFile _timer = null!;

        public override bool HasFiles => false;
        public override void Boot() => TimerFile.Init(4);
        public override void Make() => _timer = TimerFile.Create(ClockId.CLOCK_MONOTONIC)!;
        public override Errno Take(int who) => _timer.Take(isNonBlocking: false).Error;
        public override void Give() => _timer.Set(0, 100, 0, out _, out _);
        public override void End() => _timer.Close();
    }

    private sealed class NotifyUnit : UnitCase
    {
        private OpenFile _instance = null!, _watched = null!;

        public override void Make()
        {
            var made = NotifyOperations.Make(0);
            Assert.True(made.IsOk);
            _instance = made.Value;
            _watched = MemoryFiles.Create("watched"u8).Value;
            Assert.Equal(1, FileNotify.Watch(NotifyOperations.TryGet(_instance)!, _watched.Inode, NotifyFlags.IN_MODIFY).Value);
        }

        public override Errno Take(int who)
        {
            var bytes = new byte[16];
            var to = new IoBuffer((Span<byte>)bytes);
            var error = Judge(NotifyOperations.TryGet(_instance)!.Read(ref to, isNonBlocking: false), bytes.Length);
            Assert.True(error != Errno.None || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)) == NotifyFlags.IN_MODIFY);
            return error;
        }

        public override void Give() => FileNotify.Modified(_watched);

        public override void End()
        {
            _instance.Drop();
            _watched.Drop();
        }
    }
}
