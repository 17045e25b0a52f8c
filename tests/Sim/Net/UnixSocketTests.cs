// Sockets under many schedules: streams and datagrams lose and double nothing, everybody wakes, connections end well whoever closes when. And small
// cases completely, each with the mistake that it must find.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Net;

public sealed class UnixSocketTests
{
    /// <summary>Writers fill a small buffer with numbered bytes, readers take them in pieces; then one side closes.</summary>
    private static Action<SimMachine> Stream(UnixFault fault, int writers, int readers) => machine =>
    {
        const int Bytes = 20;
        UnixSocket one = null!, other = null!;
        int received = 0, left = writers, reading = readers;
        UnixKernel.Run(machine, fault, kernel => kernel.Spawn("main", () =>
        {
            UnixSocket.CreatePair(SocketConstants.SOCK_STREAM, out one!, out other!);
            one.SetSendBuffer(1, force: false); // six messages of these
            for (var i = 0; i < writers; i++)
                kernel.Spawn("writer" + i, Write);
            for (var i = 0; i < readers; i++)
                kernel.Spawn("reader" + i, Read);
        }));
        if (received != writers * Bytes)
            machine.Fail($"{received} bytes received of {writers * Bytes}");

        void Write()
        {
            Span<byte> piece = stackalloc byte[2];
            for (var i = 0; i < Bytes; i += 2)
            {
                if (UnixKernel.Send(one, piece) != 2)
                    machine.Fail("a write failed");
            }

            if (--left == 0)
                one.Close();
        }

        void Read()
        {
            Span<byte> some = stackalloc byte[3];
            int count;
            while ((count = UnixKernel.Receive(other, some)) > 0)
                received += count;
            if (count != 0 && count != -(int)Errno.ECONNRESET)
                machine.Fail($"a read failed with {count}");
            if (--reading == 0)
                other.Close();
        }
    };

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(3, 2, 2)]
    public void Every_byte_of_a_stream_arrives(int cpus, int writers, int readers) => Explore.Schedules(cpus, Stream(UnixFault.None, writers, readers), 200);

    [Fact]
    public void A_reader_that_looks_before_it_queues_is_caught() => Explore.FindsFailure(2, Stream(UnixFault.TestedBeforeQueueing, 1, 1));

    /// <summary>Senders without a connection to a queue of eleven; two receivers.</summary>
    private static Action<SimMachine> Datagrams(int senders) => machine =>
    {
        const int Each = 15;
        UnixSocket server = null!;
        var seen = new int[senders, Each];
        int left = senders, receiving = 2;
        UnixKernel.Run(machine, UnixFault.None, kernel => kernel.Spawn("main", () =>
        {
            server = UnixSocket.Create(SocketConstants.SOCK_DGRAM)!;
            server.Bind(UnixKernel.Name);
            for (var i = 0; i < senders; i++)
            {
                var number = (byte)i;
                kernel.Spawn("sender" + i, () => Send(number));
            }

            kernel.Spawn("receiver0", Receive);
            kernel.Spawn("receiver1", Receive);
        }));
        foreach (var count in seen)
            Assert.Equal(1, count);

        void Send(byte number)
        {
            var socket = UnixSocket.Create(SocketConstants.SOCK_DGRAM)!;
            for (byte i = 0; i < Each; i++)
            {
                if (UnixKernel.Send(socket, [number, i], toName: true) != 2)
                    machine.Fail("a datagram was refused");
            }

            socket.Close();
            if (--left == 0)
                server.Shutdown(receiving: true, sending: false);
        }

        void Receive()
        {
            Span<byte> message = stackalloc byte[4];
            while (UnixKernel.Receive(server, message) == 2)
                seen[message[0], message[1]]++;
            if (--receiving == 0)
                server.Close();
        }
    };

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    public void Every_datagram_arrives_once(int cpus, int senders) => Explore.Schedules(cpus, Datagrams(senders), 100);

    /// <summary>Clients connect to a small backlog and speak with whoever accepts; the listener closes at some moment.</summary>
    private static Action<SimMachine> Connections(UnixFault fault, int clients) => machine =>
    {
        UnixSocket listener = null!;
        UnixKernel.Run(machine, fault, kernel => kernel.Spawn("main", () =>
        {
            listener = UnixKernel.Listener(SocketConstants.SOCK_STREAM, 0);
            for (var i = 0; i < clients; i++)
                kernel.Spawn("client" + i, () => Call(machine));
            Serve(listener);
            listener.Close();
        }));
    };

    private static void Serve(UnixSocket listener)
    {
        Span<byte> one = stackalloc byte[1];
        if (listener.Accept(long.MaxValue, out var connection) != Errno.None)
            return;
        if (UnixKernel.Receive(connection!, one) == 1)
            UnixKernel.Send(connection!, one);
        connection!.Close();
    }

    // Whatever happens to its connection, a client comes to its end.
    private static void Call(SimMachine machine)
    {
        Span<byte> one = stackalloc byte[1];
        var socket = UnixSocket.Create(SocketConstants.SOCK_STREAM)!;
        var error = socket.Connect(UnixKernel.Name, long.MaxValue);
        if (error == Errno.None)
        {
            UnixKernel.Send(socket, "x"u8);
            var result = UnixKernel.Receive(socket, one);
            if (result is not (1 or 0 or -(int)Errno.ECONNRESET))
                machine.Fail($"a connection ended with {result}");
        }
        else if (error != Errno.ECONNREFUSED)
        {
            machine.Fail($"connecting failed with {error}");
        }

        socket.Close();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Connections_end_well_whoever_closes(int cpus) => Explore.Schedules(cpus, Connections(UnixFault.None, 3), 200);

    [Fact]
    public void Forgotten_pending_connections_are_caught() => Explore.FindsFailure(2, Connections(UnixFault.PendingForgotten, 3));

    // Two readers, one on each CPU, and a writer whose one piece is enough for both.
    private static Action<SimMachine> TwoReaders(UnixFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        UnixSocket one = null!, other = null!;
        var received = 0;
        void Read()
        {
            Span<byte> single = stackalloc byte[1];
            if (UnixKernel.Receive(other, single) == 1)
                received++;
            if (received == 2)
            {
                other.Close();
                one.Close();
            }
        }

        UnixKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => UnixSocket.CreatePair(SocketConstants.SOCK_STREAM, out one!, out other!);
            kernel.Spawn("reader0", small.Part(Read), CpuSet.Of(0));
            kernel.Spawn("reader1", small.Part(Read), CpuSet.Of(1));
            kernel.Spawn("writer", small.Part(() => UnixKernel.Send(one, "ab"u8)), CpuSet.Of(1));
        });
        if (received != 2)
            machine.Fail($"{received} bytes received of two");
    };

    [Fact]
    public void All_schedules_of_two_readers_and_a_writer()
    {
        Explore.All(TwoReaders(UnixFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(TwoReaders(UnixFault.TestedBeforeQueueing));
        Explore.AllFindFailure(TwoReaders(UnixFault.WokenBeforeData));
        Explore.AllFindFailure(TwoReaders(UnixFault.NotPassedOn));
    }

    // A reader beside a writer that then closes its end.
    private static Action<SimMachine> ReadBesideClose(UnixFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        UnixSocket one = null!, other = null!;
        int first = -1, second = -1;
        UnixKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => UnixSocket.CreatePair(SocketConstants.SOCK_STREAM, out one!, out other!);
            kernel.Spawn("reader", small.Part(() =>
            {
                Span<byte> single = stackalloc byte[1];
                first = UnixKernel.Receive(other, single);
                second = UnixKernel.Receive(other, single);
                other.Close();
            }), CpuSet.Of(0));
            kernel.Spawn("writer", small.Part(() =>
            {
                UnixKernel.Send(one, "a"u8);
                one.Close();
            }), CpuSet.Of(1));
        });
        if (first != 1 || second is not (0 or -(int)Errno.ECONNRESET))
            machine.Fail($"read {first}, then {second}");
    };

    [Fact]
    public void All_schedules_of_a_reader_beside_a_closing_writer()
    {
        Explore.All(ReadBesideClose(UnixFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(ReadBesideClose(UnixFault.PeerForgotten));
    }

    // One connects, one accepts and goes, the listener closes: three tasks.
    private static Action<SimMachine> ConnectBesideClose(UnixFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        UnixSocket listener = null!;
        UnixKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => listener = UnixKernel.Listener(SocketConstants.SOCK_STREAM, 0);
            kernel.Spawn("client", small.Part(() => Call(machine)), CpuSet.Of(0));
            kernel.Spawn("server", small.Part(() =>
            {
                if (listener.Accept(0, out var connection) == Errno.None)
                    connection!.Close();
            }), CpuSet.Of(1));
            kernel.Spawn("closer", small.Part(() => listener.Close()), CpuSet.Of(1));
        });
    };

    [Fact]
    public void All_schedules_of_connecting_accepting_and_closing()
    {
        Explore.All(ConnectBesideClose(UnixFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(ConnectBesideClose(UnixFault.PendingForgotten));
    }
}
