// The rooms of files with counters and sets, under a kernel of threads only; and the words that tests of them share.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

internal static class EventKernel
{
    /// <summary>Runs what <paramref name="spawn"/> made to its end, with a mistake if there is to be one; no set, item, counter or file may be left.</summary>
    public static void Run(SimMachine machine, EventFault fault, Action<SchedulerKernel> spawn)
    {
        EventFaults.Set(fault);
        try
        {
            var kernel = FilesKernel.Start(machine);
            kernel.OnBoot += static () => EventCounter.Init(64);
            spawn(kernel);
            kernel.RunAll();
            AssertNothingLeft(machine);
        }
        finally
        {
            EventFaults.Set(EventFault.None);
        }
    }

    public static OpenFile Set() => Value(EpollOperations.Make());

    public static OpenFile Counter(uint count = 0, bool isSemaphore = false) =>
        Value(EventCounterOperations.Make(count, isSemaphore ? EventFlags.EFD_SEMAPHORE : 0));

    public static Errno Add(OpenFile set, OpenFile file, uint events, ulong data = 0) =>
        EpollOperations.TryGet(set)!.Control(set, EpollFlags.EPOLL_CTL_ADD, file, 0, new EpollEvent { Events = events, Data = data });

    public static Errno Modify(OpenFile set, OpenFile file, uint events, ulong data = 0) =>
        EpollOperations.TryGet(set)!.Control(set, EpollFlags.EPOLL_CTL_MOD, file, 0, new EpollEvent { Events = events, Data = data });

    /// <summary>One event's data, waiting for it; -1: none until the deadline.</summary>
    public static long WaitOne(OpenFile set, long deadline = long.MaxValue)
    {
        Span<byte> bytes = stackalloc byte[EpollEvent.Bytes];
        var to = new IoBuffer(bytes);
        var result = EpollOperations.TryGet(set)!.Wait(ref to, 1, deadline);
        Assert.True(result.IsOk);
        return result.Value == 0 ? -1 : BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(uint)..]);
    }

    public static void Signal(OpenFile counter, ulong value = 1) => EventCounterOperations.TryGet(counter)!.Signal(value);

    /// <summary>What a counter holds, taken at once; 0: nothing.</summary>
    public static ulong Take(OpenFile counter)
    {
        var taken = EventCounterOperations.TryGet(counter)!.Take(isNonBlocking: true);
        return taken.IsOk ? taken.Value : 0;
    }

    private static void AssertNothingLeft(SimMachine machine)
    {
        if (Epoll.Pool.Used + EpollItem.Pool.Used + EpollEntry.Pool.Used + EventCounter.Pool.Used + OpenFile.Pool.Used != 0)
            machine.Fail($"left: {Epoll.Pool.Used} sets, {EpollItem.Pool.Used} items, {EventCounter.Pool.Used} counters, {OpenFile.Pool.Used} files");
    }

    private static T Value<T>(Result<T> result)
    {
        Assert.True(result.IsOk);
        return result.Value;
    }
}
