// One unit of System V's semaphores and messages, and of POSIX queues.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Tests.Sim.Ipc;
using Xunit;

namespace Jiffy.Tests.Sim.Wait;

internal static partial class UnitCases
{
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
