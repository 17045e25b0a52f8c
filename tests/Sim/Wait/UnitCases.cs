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

internal static class UnitCases
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
        ["pipe read"] = () => new PipeUnit(),
        ["pipe write"] = () => new PipeRoom(),
        ["splice"] = () => new SpliceUnit(),
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

    private sealed class SpliceUnit : PipeCase
    {
        private OpenFile _otherReader = null!, _otherWriter = null!;

        public override void Make()
        {
            base.Make();
            Assert.Equal(Errno.None, Pipe.Create(0, out var reader, out var writer));
            (_otherReader, _otherWriter) = (reader!, writer!);
        }

        public override Errno Take(int who) =>
            Judge(FifoOperations.TryGet(Reader)!.PassTo(FifoOperations.TryGet(_otherReader)!, 1, nonBlocking: false, keep: false), 1);

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

    private abstract class SocketCase(int type) : UnitCase
    {
        protected UnixSocket One { get; private set; } = null!;
        protected UnixSocket Peer { get; private set; } = null!;

        public override bool HasFiles => false;
        public override void Boot() => UnixSocket.Init(64, 256);

        public override void Make()
        {
            Assert.Equal(Errno.None, UnixSocket.CreatePair(type, out var one, out var peer));
            (One, Peer) = (one!, peer!);
        }

        public override void End()
        {
            One.Close();
            Peer.Close();
        }

        protected static Errno Judge(int result) => result > 0 ? Errno.None : (Errno)(-result);
        protected Errno Receive(long deadline = long.MaxValue) => Judge(UnixKernel.Receive(Peer, new byte[1], deadline));
        protected Errno Send(long deadline = long.MaxValue) => Judge(UnixKernel.Send(One, [1], deadline));
    }

    private sealed class SocketUnit(int type) : SocketCase(type)
    {
        public override Errno Take(int who) => Receive();
        public override void Give() => Assert.Equal(Errno.None, Send(0));
    }

    // Writers of a stream wait until three quarters are free: what is given is all the room.
    private sealed class SocketRoom(int type) : SocketCase(type)
    {
        public override void Make()
        {
            base.Make();
            One.SetSendBuffer(1, force: false);
            while (Send(0) == Errno.None)
            {
            }
        }

        public override Errno Take(int who) => Send();

        public override void Give()
        {
            while (Receive(0) == Errno.None)
            {
            }
        }
    }

    private abstract class ListenerCase : UnitCase
    {
        protected List<UnixSocket> Clients { get; } = new();
        protected UnixSocket Listener { get; private set; } = null!;

        public override bool HasFiles => false;
        public override void Boot() => UnixSocket.Init(64, 256);
        public override void Make() => Listener = UnixKernel.Listener(SocketConstants.SOCK_STREAM, 0);

        protected Errno Connect(long deadline)
        {
            var client = UnixSocket.Create(SocketConstants.SOCK_STREAM)!;
            var error = client.Connect(UnixKernel.Name, deadline);
            if (error == Errno.None)
                Clients.Add(client);
            else
                client.Close();
            return error;
        }

        protected Errno Accept(long deadline)
        {
            var error = Listener.Accept(deadline, out var accepted);
            accepted?.Close();
            return error;
        }

        public override void End()
        {
            foreach (var client in Clients)
                client.Close();
            Listener.Close();
        }
    }

    private sealed class AcceptUnit : ListenerCase
    {
        public override Errno Take(int who) => Accept(long.MaxValue);
        public override void Give() => Assert.Equal(Errno.None, Connect(0));
    }

    private sealed class ConnectRoom : ListenerCase
    {
        public override void Make()
        {
            base.Make();
            Assert.Equal(Errno.None, Connect(0));
        }

        public override Errno Take(int who) => Connect(long.MaxValue);
        public override void Give() => Assert.Equal(Errno.None, Accept(0));
    }

    private sealed class SysVUnit : UnitCase
    {
        private int _id;

        public override bool HasFiles => false;
        public override void Boot() => Semaphores.Init();
        public override void Make() => _id = Semaphores.Get(SysVIpc.IPC_PRIVATE, 1, 0x180).Value;
        public override Errno Take(int who) => IpcKernel.Operate(_id, 0, -1);
        public override void Give() => Assert.Equal(Errno.None, IpcKernel.Operate(_id, 0, 1));
        public override void End() => Semaphores.Remove(_id);
    }

    private static Message NewMessage(int length)
    {
        var made = Message.Create(length);
        Assert.True(made.IsOk);
        made.Value.Type = 1;
        return made.Value;
    }

    private static Errno Free(Result<Message> received)
    {
        if (received.TryGet(out var message))
            message.Free();
        return received.Error;
    }

    private abstract class MessageCase : UnitCase
    {
        protected int Id { get; private set; }

        public override bool HasFiles => false;
        public override void Boot() => SysVMessages.Init();

        public override void Make()
        {
            Id = SysVMessages.Get(SysVIpc.IPC_PRIVATE, 0x180).Value;
            SysVMessages.Set(Id, new MessageQueueLayout { MaxBytes = 8 });
        }

        protected Errno Send(bool waits)
        {
            var message = NewMessage(8);
            var error = SysVMessages.Send(Id, message, waits);
            if (error != Errno.None)
                message.Free();
            return error;
        }

        protected Errno Receive(int flags) => Free(SysVMessages.Receive(Id, 100, 0, flags, spare: null));

        public override void End() => SysVMessages.Remove(Id);
    }

    private sealed class MessageUnit : MessageCase
    {
        public override Errno Take(int who) => Receive(0);
        public override void Give() => Assert.Equal(Errno.None, Send(waits: false));
    }

    private sealed class MessageRoom : MessageCase
    {
        public override void Make()
        {
            base.Make();
            Assert.Equal(Errno.None, Send(waits: false));
        }

        public override Errno Take(int who) => Send(waits: true);
        public override void Give() => Assert.Equal(Errno.None, Receive(SysVIpc.IPC_NOWAIT));
    }

    private abstract class PosixCase : UnitCase
    {
        protected MessageQueue Queue { get; private set; } = null!;

        public override bool HasFiles => false;

        public override void Boot()
        {
            SysVMessages.Init();
            MessageQueue.Init(16);
        }

        public override void Make() => Queue = MessageQueue.Create(1, 8, 0, 0)!;

        protected Errno Send(bool waits)
        {
            var message = NewMessage(8);
            var error = Queue.Send(message, waits, long.MaxValue);
            if (error != Errno.None)
                message.Free();
            return error;
        }

        protected Errno Receive(bool waits) => Free(Queue.Receive(waits, long.MaxValue));
    }

    private sealed class PosixUnit : PosixCase
    {
        public override Errno Take(int who) => Receive(waits: true);
        public override void Give() => Assert.Equal(Errno.None, Send(waits: false));
        public override void End() => Queue.Free();
    }

    private sealed class PosixRoom : PosixCase
    {
        public override void Make()
        {
            base.Make();
            Assert.Equal(Errno.None, Send(waits: false));
        }

        public override Errno Take(int who) => Send(waits: true);
        public override void Give() => Assert.Equal(Errno.None, Receive(waits: false));
        public override void End() => Queue.Free();
    }
}
