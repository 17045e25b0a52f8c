// System V's and POSIX's message queues on explored schedules: each message arrives once, no sleeper is forgotten, a signal swallows nothing,
// removal leaves nothing behind.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Ipc;

public sealed class MessageTests
{
    private static Message New(long type, int length = 8)
    {
        var made = Message.Create(length);
        Assert.True(made.IsOk);
        made.Value.Type = type;
        return made.Value;
    }

    // The type of the message received; or the negated error.
    private static long Receive(int id, long type = 0, int flags = 0)
    {
        var received = SysVMessages.Receive(id, 100, type, flags, spare: null);
        return received.TryGet(out var message) ? TypeOf(message) : -(long)received.Error;
    }

    private static long TypeOf(Message message)
    {
        var type = message.Type;
        message.Free();
        return type;
    }

    private static Errno Send(int id, long type)
    {
        var message = New(type);
        var error = SysVMessages.Send(id, message, waits: true);
        if (error != Errno.None)
            message.Free();
        return error;
    }

    private static int NewQueue(long maxBytes)
    {
        var id = SysVMessages.Get(SysVIpc.IPC_PRIVATE, 0x180).Value;
        SysVMessages.Set(id, new MessageQueueLayout { MaxBytes = (ulong)maxBytes });
        return id;
    }

    private static void CheckNothingLeft(SimMachine machine)
    {
        if (Message.Pool.Used + SysVQueue.Pool.Used != 0)
            machine.Fail($"{Message.Pool.Used} messages and {SysVQueue.Pool.Used} queues are left");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_message_arrives_once_though_there_is_room_for_one(int cpus) =>
        Explore.Schedules(cpus, machine => Pass(machine, IpcFault.None), 400);

    [Fact]
    public void A_receiver_that_makes_room_and_tells_nobody_is_caught() =>
        Explore.FindsFailure(2, machine => Pass(machine, IpcFault.RoomNotTold));

    /// <summary>Two senders, two receivers, in a queue with room for one message.</summary>
    private static void Pass(SimMachine machine, IpcFault fault)
    {
        const int Each = 3;
        var sum = 0L;
        var left = 4;
        var id = -1;
        IpcKernel.Run(machine, fault, kernel => kernel.Spawn("first", () =>
        {
            id = NewQueue(8);
            kernel.Spawn("one", () => Repeat(() => Send(id, 1)));
            kernel.Spawn("two", () => Repeat(() => Send(id, 2)));
            kernel.Spawn("receiver1", () => Repeat(() => Add(Receive(id))));
            kernel.Spawn("receiver2", () => Repeat(() => Add(Receive(id, -5))));
        }));
        if (sum != Each * 3)
            machine.Fail($"the types add up to {sum}");
        CheckNothingLeft(machine);

        // Not `sum += Receive()`: that would read the sum before it sleeps.
        void Add(long received) => sum += received;

        void Repeat(Action body)
        {
            for (var i = 0; i < Each; i++)
                body();
            if (--left == 0)
                SysVMessages.Remove(id);
        }
    }

    // Three tasks: one receives on CPU 0; on CPU 1 one sends, and another sends the first a signal.
    private static Action<SimMachine> SendBesideSignal(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        var result = 0L;
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => id = NewQueue(100);
            var receiver = kernel.Spawn("receiver", small.Part(() => result = Receive(id)), CpuSet.Of(0));
            kernel.Spawn("sender", small.Part(() => Send(id, 7)), CpuSet.Of(1));
            kernel.Spawn("signaller", small.Part(() => IpcKernel.Signal(receiver)), CpuSet.Of(1));
        });
        var isThere = SysVMessages.Information(ofUse: true).Map == 1;
        if (result != (isThere ? -(long)Errno.ERESTARTNOHAND : 7) || Message.Pool.Used != (isThere ? 1 : 0))
            machine.Fail($"{result}; the message is {(isThere ? "" : "not ")}in the queue");
    };

    [Fact]
    public void All_schedules_of_a_message_and_a_signal_deliver_it_or_leave_it()
    {
        Explore.All(SendBesideSignal(IpcFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(SendBesideSignal(IpcFault.GiftSwallowed));
    }

    // A full queue: a sender waits on CPU 0, a receiver makes room on CPU 1, and the sender is sent a signal.
    private static Action<SimMachine> RoomBesideSignal(IpcFault fault, bool signals) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        var result = Errno.EIO;
        IpcKernel.Run(machine, fault, kernel =>
        {
            var send = small.Part(() => result = Send(id, 2));
            var sender = kernel.Spawn("sender", () =>
            {
                id = NewQueue(8);
                Send(id, 1);
                send();
            }, CpuSet.Of(0));
            kernel.Spawn("receiver", small.Part(() => Receive(id)), CpuSet.Of(1));
            kernel.Spawn("third", small.Part(() =>
            {
                if (signals)
                    IpcKernel.Signal(sender);
            }), CpuSet.Of(1));
        });
        var left = SysVMessages.Information(ofUse: true).Map;
        if (result is not (Errno.None or Errno.ERESTARTNOHAND) || left != (result == Errno.None ? 1 : 0) || Message.Pool.Used != left)
            machine.Fail($"{result}, {left} in the queue, {Message.Pool.Used} in all");
    };

    [Fact]
    public void All_schedules_of_room_and_a_signal_send_the_message_or_do_not()
    {
        Explore.All(RoomBesideSignal(IpcFault.None, signals: true), Explore.Bound(1, 2));
        Explore.AllFindFailure(RoomBesideSignal(IpcFault.GiftSwallowed, signals: true));
        Explore.AllFindFailure(RoomBesideSignal(IpcFault.RoomNotTold, signals: false));
    }

    // A receiver on CPU 0; a sender and the queue's removal on CPU 1.
    private static Action<SimMachine> RemoveBesideBoth(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        long received = 0;
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => id = NewQueue(8);
            kernel.Spawn("receiver", small.Part(() => received = Receive(id, 9)), CpuSet.Of(0));
            kernel.Spawn("sender", small.Part(() => Send(id, 5)), CpuSet.Of(1));
            kernel.Spawn("remover", small.Part(() => SysVMessages.Remove(id)), CpuSet.Of(1));
        });
        if (received is not (-(long)Errno.EIDRM or -(long)Errno.EINVAL))
            machine.Fail($"the receiver's result is {received}");
        CheckNothingLeft(machine);
    };

    [Fact]
    public void All_schedules_of_removal_set_the_sleepers_free()
    {
        Explore.All(RemoveBesideBoth(IpcFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(RemoveBesideBoth(IpcFault.SleepersForgotten));
    }

    // The same with a POSIX queue.
    private static Action<SimMachine> Posix(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        MessageQueue queue = null!;
        long received = 0;
        var sent = Errno.EIO;
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => queue = MessageQueue.Create(1, 8, 0, 0)!;
            var receiver = kernel.Spawn("receiver", small.Part(() =>
            {
                var result = queue.Receive(waits: true, long.MaxValue);
                received = result.TryGet(out var message) ? TypeOf(message) : -(long)result.Error;
            }), CpuSet.Of(0));
            kernel.Spawn("sender", small.Part(() =>
            {
                sent = queue.Send(New(3), waits: true, long.MaxValue);
            }), CpuSet.Of(1));
            kernel.Spawn("signaller", small.Part(() => IpcKernel.Signal(receiver)), CpuSet.Of(1));
        });
        var isThere = queue.Count == 1;
        if (received != (isThere ? -(long)Errno.ERESTARTSYS : 3))
            machine.Fail($"{received}, {queue.Count} in the queue, sent {sent}");
    };

    [Fact]
    public void All_schedules_of_a_POSIX_message_and_a_signal_deliver_it_or_leave_it()
    {
        Explore.All(Posix(IpcFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(Posix(IpcFault.GiftSwallowed));
    }

    /// <summary>Two senders and two receivers of a POSIX queue; one of each gives up at a time, and tries again.</summary>
    private static void PassPosix(SimMachine machine, IpcFault fault)
    {
        const int Each = 3;
        var sum = 0L;
        var left = 4;
        MessageQueue queue = null!;
        IpcKernel.Run(machine, fault, kernel => kernel.Spawn("first", () =>
        {
            queue = MessageQueue.Create(1, 8, 0, 0)!;
            kernel.Spawn("sender1", () => Repeat(() => SendUntilDone(1, false)));
            kernel.Spawn("sender2", () => Repeat(() => SendUntilDone(2, true)));
            kernel.Spawn("receiver1", () => Repeat(() => ReceiveUntilDone(false)));
            kernel.Spawn("receiver2", () => Repeat(() => ReceiveUntilDone(true)));
        }));
        if (sum != Each * 3)
            machine.Fail($"the priorities add up to {sum}");
        if (Message.Pool.Used + MessageQueue.Pool.Used != 0)
            machine.Fail($"{Message.Pool.Used} messages are left");

        void Repeat(Action body)
        {
            for (var i = 0; i < Each; i++)
                body();
            if (--left == 0)
                queue.Free();
        }

        void SendUntilDone(long priority, bool givesUp)
        {
            var message = New(priority);
            while (queue.Send(message, waits: true, Soon(givesUp)) is var error && error != Errno.None)
                Assert.Equal(Errno.ETIMEDOUT, error);
        }

        void ReceiveUntilDone(bool givesUp)
        {
            while (true)
            {
                var received = queue.Receive(waits: true, Soon(givesUp));
                if (received.TryGet(out var message))
                {
                    var priority = TypeOf(message);
                    sum += priority;
                    return;
                }

                Assert.Equal(Errno.ETIMEDOUT, received.Error);
            }
        }
    }

    private static long Soon(bool givesUp) => givesUp ? Jiffy.Kernel.Time.TimeKeeper.RealTime + 1000 : long.MaxValue;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_POSIX_message_arrives_once_whoever_gives_up_in_between(int cpus) =>
        Explore.Schedules(cpus, machine => PassPosix(machine, IpcFault.None), 300);

    [Fact]
    public void A_POSIX_receiver_that_makes_room_and_tells_nobody_is_caught() =>
        Explore.FindsFailure(Impatient, machine => PassPosix(machine, IpcFault.RoomNotTold));

    // Where a sender sleeps for ever, those who give up and try again go on as long as they may.
    private static ExploreOptions Impatient => new() { Machine = new SimOptions { Cpus = 2, MaxSteps = 50_000 }, Schedules = 5000 };
}
