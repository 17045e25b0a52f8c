// What an open event counter can do, and how one is made. Context: process; may sleep. Linux: eventfd_fops.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

internal sealed class EventCounterOperations : EventFileOperations
{
    private const int CountBytes = sizeof(ulong);

    public static readonly EventCounterOperations Instance = new();

    /// <summary>A new open file for a new counter. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make(uint count, int flags)
    {
        if (EventCounter.Create(count, (flags & EventFlags.EFD_SEMAPHORE) != 0) is not { } counter)
            return Errno.ENOMEM;
        var opened = EventFileSystem.Open("[eventfd]"u8, Instance, counter, flags);
        if (!opened.IsOk)
            counter.Close();
        return opened;
    }

    /// <summary>The counter of a file, for parts of the kernel that signal it; null: it is another kind of file.</summary>
    public static EventCounter? TryGet(OpenFile file) => file.Private as EventCounter;

    public override uint Poll(OpenFile file, PollTable? table) => CounterOf(file).Poll(table);

    public override void ShowInformation(OpenFile file, PagedText text) =>
        text.Append($"eventfd-count: {CounterOf(file).Count,16:x}\neventfd-id: {CounterOf(file).Id}\n");

    public override void Release(OpenFile file) => CounterOf(file).Close();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        if (to.Remaining < CountBytes)
            return Errno.EINVAL;
        var taken = CounterOf(file).Take(file.IsNonBlocking);
        if (!taken.TryGet(out var count))
            return taken.Error;
        Span<byte> bytes = stackalloc byte[CountBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, count);
        return to.CopyFrom(bytes) == CountBytes ? CountBytes : Errno.EFAULT;
    }

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        if (from.Remaining < CountBytes)
            return Errno.EINVAL;
        Span<byte> bytes = stackalloc byte[CountBytes];
        if (from.CopyTo(bytes) != CountBytes)
            return Errno.EFAULT;
        var error = CounterOf(file).Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes), file.IsNonBlocking);
        return error == Errno.None ? CountBytes : error;
    }

    private static EventCounter CounterOf(OpenFile file) => (EventCounter)file.Private!;
}
