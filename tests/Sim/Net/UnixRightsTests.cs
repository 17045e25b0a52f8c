// Files in messages: received while the collector looks, rings that nobody holds, and every way out when memory runs short.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Files;
using Xunit;

namespace Jiffy.Tests.Sim.Net;

public sealed class UnixRightsTests
{
    private static readonly SimOptions s_machine = new() { Cpus = 2, MemoryBytes = 24 << 20, MaxSteps = 500_000 };

    private static OpenFile FileOf(UnixSocket socket)
    {
        var file = SocketFileSystem.MakeFile(0).Value;
        socket.Attach(file);
        return file;
    }

    private static void MakePair(out OpenFile one, out OpenFile other)
    {
        Assert.Equal(Errno.None, UnixSocket.CreatePair(SocketConstants.SOCK_DGRAM, out var first, out var second));
        one = FileOf(first!);
        other = FileOf(second!);
    }

    private static UnixSocket Of(OpenFile file) => UnixSocket.TryGet(file)!;

    private static OpenFile TakeFile(OpenFile from)
    {
        Span<byte> text = stackalloc byte[4];
        Assert.Equal(1, UnixKernel.Receive(Of(from), text, out var rights, 0));
        Assert.True(rights is { Count: 1 }, "a message has lost its file");
        var file = rights.TakeAt(0);
        rights.Drop();
        return file;
    }

    // A file in a socket in a socket in the queue of one that is held: taken out from the outside in, while the collector looks.
    private static Action<SimMachine> ReceiveBesideCollector(UnixFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        OpenFile outer = null!;
        UnixKernel.RunWithFiles(machine, fault, kernel => kernel.Spawn("main", () =>
        {
            outer = MakeNested();
            kernel.Spawn("collector", small.Part(() => UnixInFlight.Collect()), CpuSet.Of(0));
            kernel.Spawn("receiver", small.Part(() =>
            {
                var at = outer;
                for (var depth = 0; depth < 3; depth++)
                {
                    var next = TakeFile(at);
                    at.Drop();
                    at = next;
                }

                at.Drop();
            }), CpuSet.Of(1));
        }));
    };

    private static OpenFile MakeNested()
    {
        MakePair(out var send, out var outer);
        var inner = default(OpenFile);
        for (var depth = 0; depth < 3; depth++)
        {
            MakePair(out var one, out var other);
            if (inner is not null)
                UnixKernel.Send(Of(one), "x"u8, rights: UnixKernel.RightsFor(inner));
            one.Drop();
            inner = other;
        }

        UnixKernel.Send(Of(send), "x"u8, rights: UnixKernel.RightsFor(inner!));
        send.Drop();
        return outer;
    }

    [Fact]
    public void All_schedules_of_a_receiver_and_the_collector()
    {
        Explore.All(ReceiveBesideCollector(UnixFault.None), 1, s_machine);
        Explore.AllFindFailure(ReceiveBesideCollector(UnixFault.CountedOutsideLock), 2, s_machine);
    }

    // Two sockets, each in the other's queue; their descriptors are closed by two tasks, a third passes one of the files through another socket.
    private static void Ring(SimMachine machine) => UnixKernel.RunWithFiles(machine, UnixFault.None, kernel => kernel.Spawn("main", () =>
    {
        MakePair(out var one, out var other);
        MakePair(out var third, out var fourth);
        Pass(one, other);
        Pass(other, one);
        Pass(third, other);
        kernel.Spawn("first", () => Close(one));
        kernel.Spawn("second", () => Close(other));
        kernel.Spawn("receiver", () =>
        {
            Close(TakeFile(fourth));
            Close(third);
            Close(fourth);
        });

        static void Pass(OpenFile through, OpenFile file)
        {
            file.AddUser();
            Assert.Equal(1, UnixKernel.Send(Of(through), "x"u8, rights: UnixKernel.RightsFor(file)));
        }

        // As a descriptor's table does.
        static void Close(OpenFile file)
        {
            file.Operations.Flush(file);
            file.Drop();
            UnixInFlight.Collect(); // what closed at the same moment as another is left to the next
        }
    }));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_ring_that_nobody_holds_goes(int cpus) =>
        Explore.Schedules(new ExploreOptions { Machine = new SimOptions { Cpus = cpus, MemoryBytes = 24 << 20 }, Schedules = 100 }, Ring);

    [Fact]
    public void Every_failed_allocation_leaves_nothing_behind()
    {
        using var machine = new SimMachine(new SimOptions { MemoryBytes = 24 << 20 });
        UnixKernel.RunWithFiles(machine, UnixFault.None, kernel => kernel.Spawn("main", () =>
        {
            Assert.True(TryAll()); // once for what stays
            for (var nth = 1; ; nth++)
            {
                var before = FilesKernel.Usage.Now;
                FaultInjection.Arm(Task.Current, nth);
                var succeeded = TryAll();
                var wasReached = FaultInjection.LeftOf(Task.Current) == 0;
                FaultInjection.Arm(Task.Current, 0);
                Assert.Equal(before, FilesKernel.Usage.Now);
                UnixKernel.CheckNothingLeft(machine);
                if (!wasReached)
                {
                    Assert.True(succeeded);
                    Assert.True(nth > 8, $"only {nth} allocations");
                    return;
                }
            }
        }));
    }

    // A pair, its files, messages of every size, one with a file, and a connection. False: something failed for want of memory.
    private static bool TryAll()
    {
        if (UnixSocket.CreatePair(SocketConstants.SOCK_DGRAM, out var one, out var other) != Errno.None)
            return false;
        var isDone = SendAll(one!, other!) & SendFile(one!) & TryConnect();
        one!.Close();
        other!.Close();
        return isDone;
    }

    private static bool SendAll(UnixSocket from, UnixSocket to)
    {
        var bytes = new byte[10000];
        foreach (var size in (int[])[1, 1000, 4000, 10000])
        {
            if (UnixKernel.Send(from, bytes.AsSpan(0, size)) != size)
                return false;
            Assert.Equal(size, UnixKernel.Receive(to, bytes, 0));
        }

        return true;
    }

    private static bool SendFile(UnixSocket from)
    {
        var made = SocketFileSystem.MakeFile(0);
        if (!made.TryGet(out var file))
            return false;
        if (UnixKernel.RightsFor(file) is not { } rights)
        {
            file.Drop();
            return false;
        }

        return UnixKernel.Send(from, "x"u8, rights: rights) == 1;
    }

    private static bool TryConnect()
    {
        if (UnixSocket.Create(SocketConstants.SOCK_STREAM) is not { } listener)
            return false;
        listener.Bind(UnixKernel.Name);
        listener.Listen(1);
        var client = UnixSocket.Create(SocketConstants.SOCK_STREAM);
        var error = client?.Connect(UnixKernel.Name, 0) ?? Errno.ENOMEM;
        client?.Close();
        listener.Close();
        return error == Errno.None;
    }
}
