// Files of events, System V's objects and POSIX queues, with each of their requests for memory refused in turn: the error is the documented one, and
// whatever was taken before it has been given back. Pipes, sockets, futexes and work queues have theirs beside their other tests.
using System;
using System.Collections.Generic;
using System.Linq;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Ipc;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Files;

using static FileConstants;

public sealed class FailedAllocationTests
{
    /// <summary>What is tried, and how many requests it makes at least.</summary>
    private static readonly Dictionary<string, (int Least, Func<Errno> Attempt)> s_attempts = new()
    {
        ["eventfd"] = (3, static () => Close(EventCounterOperations.Make(1, 0))),
        ["signalfd"] = (3, static () => Close(SignalFileOperations.Make(SignalSet.Of(10), 0))),
        ["timerfd"] = (3, static () => Close(TimerFileOperations.Make(ClockId.CLOCK_MONOTONIC, 0))),
        ["pidfd"] = (2, static () => Close(PidFile.Make(0))),
        ["epoll"] = (5, Watch),
        ["inotify"] = (6, Notify),
        ["poll"] = (3, Poll),
        ["semaphores"] = (4, Operate),
        ["messages"] = (3, Send),
        ["segments"] = (2, Share),
        ["POSIX messages"] = (2, Post),
    };

    public static IEnumerable<TheoryDataRow<string>> Attempts() => s_attempts.Keys.Select(static name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Attempts))]
    public void Each_request_in_turn_is_refused(string name)
    {
        using var machine = new SimMachine(new SimOptions { MemoryBytes = 24 << 20 });
        var kernel = FilesKernel.Start(machine);
        kernel.OnBoot += Boot;
        kernel.Spawn("caller", () => RefuseEach(s_attempts[name].Attempt, s_attempts[name].Least));
        kernel.RunAll();
    }

    private static void Boot()
    {
        EventCounter.Init(8);
        SignalFile.Init(8);
        TimerFile.Init(8);
        Semaphores.Init();
        SysVMessages.Init();
        SharedSegments.Init();
        MessageQueue.Init(8);
    }

    private static void RefuseEach(Func<Errno> attempt, int least)
    {
        Assert.Equal(Errno.None, attempt()); // once for what stays
        for (var nth = 1; ; nth++)
        {
            var before = InUse();
            FaultInjection.Arm(Task.Current, nth);
            var error = attempt();
            var wasReached = FaultInjection.LeftOf(Task.Current) == 0;
            FaultInjection.Arm(Task.Current, 0);
            Assert.Equal(before, InUse());
            if (!wasReached)
            {
                Assert.Equal(Errno.None, error);
                Assert.True(nth > least, $"only {nth - 1} requests");
                return;
            }

            Assert.True(error is Errno.ENOMEM or Errno.ENFILE or Errno.ENOSPC, $"request {nth} refused: {error}");
        }
    }

    // Frames, and objects of every pool.
    private static string InUse()
    {
        var text = $"{FrameAllocator.FreeFrames} frames free";
        for (var pool = PoolRegistry.First; pool is not null; pool = pool.Next)
        {
            if (pool.Used != 0)
                text += $", {pool.Name} {pool.Used}";
        }

        return text;
    }

    private static Errno Close(Result<OpenFile> made)
    {
        if (made.TryGet(out var file))
            file.Drop();
        return made.Error;
    }

    // A counter in a set in a set.
    private static Errno Watch() => With(EventCounterOperations.Make(1, 0), static counter =>
        With(EpollOperations.Make(), counter, static (inner, counter) =>
            With(EpollOperations.Make(), inner, counter, static (outer, inner, counter) =>
            {
                var error = EventKernel.Add(inner, counter, POLLIN);
                return error != Errno.None ? error : EventKernel.Add(outer, inner, POLLIN | EpollFlags.EPOLLET);
            })));

    // An event that there is no memory for is lost, which the reader is told in its place.
    private static Errno Notify() => With(MemoryFiles.Create("watched"u8), static file =>
        With(NotifyOperations.Make(0), file, static (instance, file) =>
        {
            var queue = NotifyOperations.TryGet(instance)!;
            var watched = FileNotify.Watch(queue, file.Inode, NotifyFlags.IN_MODIFY);
            if (!watched.IsOk)
                return watched.Error;
            FileNotify.Modified(file);
            var bytes = new byte[16];
            var to = new IoBuffer((Span<byte>)bytes);
            Assert.Equal(16, queue.Read(ref to, isNonBlocking: true).Value);
            return BitConverter.ToUInt32(bytes, 4) == NotifyFlags.IN_Q_OVERFLOW ? Errno.ENOMEM : Errno.None;
        }));

    private static Errno Poll() => With(EventCounterOperations.Make(0, 0), static counter =>
    {
        if (!Poller.Create().TryGet(out var table))
            return Errno.ENOMEM;
        for (var i = 0; i < 2; i++)
            Assert.Equal(0u, Poller.Ask(counter, POLLIN, table));
        var error = table.HasFailed ? Errno.ENOMEM : Errno.None;
        table.Close();
        return error;
    });

    // Two sets, and something to undo in each.
    private static Errno Operate()
    {
        var error = OperateOne(static () => OperateOne(static () => Errno.None));
        SemaphoreUndoList.Leave(Task.Current);
        return error;
    }

    private static Errno OperateOne(Func<Errno> inside)
    {
        if (!Semaphores.Get(SysVIpc.IPC_PRIVATE, 300, 0x180).TryGet(out var id))
            return Errno.ENOMEM;
        var error = IpcKernel.Operate(id, 299, 1, SysVIpc.SEM_UNDO);
        if (error == Errno.None)
            error = inside();
        Assert.Equal(Errno.None, Semaphores.Remove(id));
        return error;
    }

    private static Errno Send()
    {
        if (!SysVMessages.Get(SysVIpc.IPC_PRIVATE, 0x180).TryGet(out var id))
            return Errno.ENOMEM;
        var error = WithMessage(id, static (message, id) => SysVMessages.Send(id, message, waits: false));
        SysVMessages.Remove(id);
        return error;
    }

    private static Errno Share()
    {
        var made = SharedSegments.Get(SysVIpc.IPC_PRIVATE, 20000, 0x180);
        if (made.IsOk)
            SharedSegments.Remove(made.Value);
        return made.Error;
    }

    private static Errno Post()
    {
        if (MessageQueue.Create(4, 4000, 0, 0) is not { } queue)
            return Errno.ENOMEM;
        var error = WithMessage(queue, static (message, queue) => queue.Send(message, waits: false, long.MaxValue));
        queue.Free();
        return error;
    }

    private static Errno WithMessage<T>(T to, Func<Message, T, Errno> send)
    {
        if (!Message.Create(4000).TryGet(out var message))
            return Errno.ENOMEM;
        message.Type = 1;
        var error = send(message, to);
        if (error != Errno.None)
            message.Free();
        return error;
    }

    private static Errno With(Result<OpenFile> made, Func<OpenFile, Errno> use)
    {
        if (!made.TryGet(out var file))
            return made.Error;
        var error = use(file);
        file.Drop();
        return error;
    }

    private static Errno With<T>(Result<OpenFile> made, T first, Func<OpenFile, T, Errno> use) => With(made, file => use(file, first));

    private static Errno With<T, TSecond>(Result<OpenFile> made, T first, TSecond second, Func<OpenFile, T, TSecond, Errno> use) =>
        With(made, file => use(file, first, second));
}
