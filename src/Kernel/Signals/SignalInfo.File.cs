// What a signal carries as signalfd gives it: struct signalfd_siginfo, 128 bytes of which each kind of signal fills its own.
// Linux: signalfd_copyinfo(), siginfo_layout(). man 2 signalfd.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Signals;

using static SignalCode;
using static SignalNumber;

public partial struct SignalInfo
{
    /// <summary>Bytes of struct signalfd_siginfo.</summary>
    public const int FileBytes = 128;

    private enum Kind
    {
        Sender,
        Queued,
        Timer,
        Child,
        Fault,
        Descriptor,
        Call,
    }

    /// <summary>Writes what signalfd gives to <paramref name="to"/>: 128 bytes, zero so far.</summary>
    public readonly void EncodeForFile(Span<byte> to)
    {
        Put(to, 0, Signal);
        Put(to, 4, Error);
        Put(to, 8, Code);
        switch (KindOf())
        {
            case Kind.Sender:
                PutSender(to);
                break;
            case Kind.Queued:
                PutSender(to);
                PutValue(to);
                break;
            case Kind.Timer:
                Put(to, 24, ProcessId);      // the timer
                Put(to, 32, (int)UserId);    // its overruns
                PutValue(to);
                break;
            case Kind.Child:
                PutSender(to);
                Put(to, 40, (int)Value);
                BinaryPrimitives.WriteInt64LittleEndian(to.Slice(56), UserTicks);
                BinaryPrimitives.WriteInt64LittleEndian(to.Slice(64), SystemTicks);
                break;
            case Kind.Fault:
                BinaryPrimitives.WriteUInt64LittleEndian(to.Slice(72), FirstWord);
                break;
            case Kind.Descriptor:
                Put(to, 28, (int)FirstWord); // which events
                Put(to, 20, (int)Value);     // of which descriptor
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(to.Slice(88), FirstWord);
                Put(to, 84, (int)Value);         // the call
                Put(to, 96, (int)(Value >> 32)); // in whose numbering
                break;
        }
    }

    // Where siginfo_t has an address, others have the sender.
    private readonly ulong FirstWord => IsFault ? Address : (uint)ProcessId | (ulong)UserId << 32;

    // Codes above zero are the kernel's and mean what the signal says; a program may send itself any.
    private readonly Kind KindOf()
    {
        if (Code is > SI_USER and < SI_KERNEL)
        {
            return Signal switch
            {
                SIGILL or SIGFPE or SIGSEGV or SIGBUS or SIGTRAP => Kind.Fault,
                SIGCHLD => Kind.Child,
                SIGIO => Kind.Descriptor,
                SIGSYS => Kind.Call,
                _ => Code <= LastDescriptorCode ? Kind.Descriptor : Kind.Sender,
            };
        }

        return Code switch
        {
            SI_TIMER => Kind.Timer,
            SI_SIGIO => Kind.Descriptor,
            < 0 => Kind.Queued,
            _ => Kind.Sender,
        };
    }

    private const int SI_SIGIO = -5, LastDescriptorCode = 6;

    private readonly void PutSender(Span<byte> to)
    {
        Put(to, 12, ProcessId);
        Put(to, 16, (int)UserId);
    }

    private readonly void PutValue(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to.Slice(48), Value);
        Put(to, 44, (int)Value);
    }

    private static void Put(Span<byte> to, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(to.Slice(at), value);
}
