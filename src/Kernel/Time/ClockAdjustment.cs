// adjtimex and clock_adjtime, for reading only: the clock is the machine's and is not steered. Context: process. man 2 adjtimex.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal static class ClockAdjustment
{
    // struct timex on x86-64: 208 bytes; where the fields that say something lie.
    private const int Bytes = 208;
    private const int MaxErrorAt = 24, EstimatedErrorAt = 32, StatusAt = 40, PrecisionAt = 56, ToleranceAt = 64, TimeAt = 72, TickAt = 88;
    private const int StatusUnsynchronised = 0x40;
    private const int StateError = 5;

    /// <summary>The clock's state, 5 (not synchronised); or a negated EFAULT, EPERM (a change by who may not), EINVAL (a change).</summary>
    public static long Read(ulong at)
    {
        Span<byte> timex = stackalloc byte[Bytes];
        if (!UserMemory.TryRead(at, timex))
            return -(long)Errno.EFAULT;
        if (BinaryPrimitives.ReadUInt32LittleEndian(timex) != 0)
            return -(long)(Task.Current.Credentials.IsSuperuser ? Errno.EINVAL : Errno.EPERM);
        timex.Clear();
        var now = TimeValue.From(TimeKeeper.RealTime);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(MaxErrorAt), 16_000_000);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(EstimatedErrorAt), 16_000_000);
        BinaryPrimitives.WriteInt32LittleEndian(timex.Slice(StatusAt), StatusUnsynchronised);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(PrecisionAt), 1);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(ToleranceAt), 32_768_000);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(TimeAt), now.Seconds);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(TimeAt + 8), now.Microseconds);
        BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(TickAt), 10_000);
        return UserMemory.TryWrite(at, timex) ? StateError : -(long)Errno.EFAULT;
    }
}
