// How a process wants to be told of an event: the ABI's sigevent_t, 64 bytes. man 7 sigevent.
using System;
using System.Buffers.Binary;

namespace Jiffy.Kernel.Abi;

public struct SignalEvent
{
    public const int Bytes = 64;

    public const int SIGEV_SIGNAL = 0;
    public const int SIGEV_NONE = 1;

    /// <summary>The C library starts a thread; for the kernel the same as a signal.</summary>
    public const int SIGEV_THREAD = 2;
    public const int SIGEV_THREAD_ID = 4;

    public int Notify, Signal;
    public ulong Value;

    /// <summary>With SIGEV_THREAD_ID.</summary>
    public int ThreadId;

    public static SignalEvent Decode(ReadOnlySpan<byte> from) => new()
    {
        Value = BinaryPrimitives.ReadUInt64LittleEndian(from),
        Signal = BinaryPrimitives.ReadInt32LittleEndian(from.Slice(8)),
        Notify = BinaryPrimitives.ReadInt32LittleEndian(from.Slice(12)),
        ThreadId = BinaryPrimitives.ReadInt32LittleEndian(from.Slice(16)),
    };

    /// <summary>Names a known kind, and a signal where the kind needs one.</summary>
    public readonly bool IsValid => Notify == SIGEV_NONE
        || (Notify is SIGEV_SIGNAL or SIGEV_THREAD or SIGEV_THREAD_ID && Signal is > 0 and <= SignalNumber.Count);
}
