// What a signal carries: the ABI's siginfo_t, 128 bytes whose middle depends on the signal. man 2 sigaction.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Signals;

public partial struct SignalInfo
{
    /// <summary>Bytes of siginfo_t.</summary>
    public const int Bytes = 128;

    public int Signal, Error, Code;

    /// <summary>Sender, for signals of processes; the child, for SIGCHLD.</summary>
    public int ProcessId;
    public uint UserId;

    /// <summary>Value of sigqueue, or status of a child.</summary>
    public ulong Value;

    /// <summary>Faulting address.</summary>
    public ulong Address;

    /// <summary>Times of a child in clock ticks.</summary>
    public long UserTicks, SystemTicks;

    /// <summary>From kill and friends.</summary>
    public static SignalInfo FromUser(int signal, int code, int processId, uint userId) =>
        new() { Signal = signal, Code = code, ProcessId = processId, UserId = userId };

    /// <summary>From the kernel itself, about nothing in particular.</summary>
    public static SignalInfo FromKernel(int signal) => new() { Signal = signal, Code = SignalCode.SI_KERNEL };

    /// <summary>A fault at an address.</summary>
    public static SignalInfo Fault(int signal, int code, ulong address) => new() { Signal = signal, Code = code, Address = address };

    /// <summary>Writes the ABI's form to <paramref name="to"/>: 128 bytes, zero so far.</summary>
    public readonly void Encode(Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, Signal);
        BinaryPrimitives.WriteInt32LittleEndian(to.Slice(4), Error);
        BinaryPrimitives.WriteInt32LittleEndian(to.Slice(8), Code);
        if (IsFault)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to.Slice(16), Address);
            return;
        }

        BinaryPrimitives.WriteInt32LittleEndian(to.Slice(16), ProcessId);
        BinaryPrimitives.WriteUInt32LittleEndian(to.Slice(20), UserId);
        BinaryPrimitives.WriteUInt64LittleEndian(to.Slice(24), Value);
        if (Signal != SignalNumber.SIGCHLD)
            return;
        BinaryPrimitives.WriteInt64LittleEndian(to.Slice(32), UserTicks);
        BinaryPrimitives.WriteInt64LittleEndian(to.Slice(40), SystemTicks);
    }

    /// <summary>Reads what rt_sigqueueinfo passes.</summary>
    public static SignalInfo Decode(ReadOnlySpan<byte> from) => new()
    {
        Signal = BinaryPrimitives.ReadInt32LittleEndian(from),
        Error = BinaryPrimitives.ReadInt32LittleEndian(from.Slice(4)),
        Code = BinaryPrimitives.ReadInt32LittleEndian(from.Slice(8)),
        ProcessId = BinaryPrimitives.ReadInt32LittleEndian(from.Slice(16)),
        UserId = BinaryPrimitives.ReadUInt32LittleEndian(from.Slice(20)),
        Address = BinaryPrimitives.ReadUInt64LittleEndian(from.Slice(16)),
        UserTicks = BinaryPrimitives.ReadInt64LittleEndian(from.Slice(32)),
        SystemTicks = BinaryPrimitives.ReadInt64LittleEndian(from.Slice(40)),
        Value = BinaryPrimitives.ReadUInt64LittleEndian(from.Slice(24)),
    };

    private readonly bool IsFault => Code is > 0 and < SignalCode.SI_KERNEL && SignalSet.Synchronous.Contains(Signal);
}
