// One unit of sockets: a byte or a message, room for one, a connection, room for one.
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Net;
using Jiffy.Tests.Sim.Net;
using Xunit;

namespace Jiffy.Tests.Sim.Wait;

internal static partial class UnitCases
{
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
}
