// Where kernel messages appear: the serial port, written at once and polled, so that a message is out before what it warns of.
// Contexts: any. Lock: SerialLock, shared with the terminal's driver, so that lines do not mix.
using System;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public readonly struct SerialRank : ILockRank
{
    public static LockRank Rank => LockRank.Serial;
}

public static class KernelConsole
{
    /// <summary>Guards the serial port's registers.</summary>
    public static SpinLock<SerialRank, IrqsOff> SerialLock;

    public static void Init() => SerialLock = default;

    /// <summary>Writes head, text and an end of line. In a fault report or panic it does not wait for a lock that may never be free.</summary>
    public static void WriteLine(ReadOnlySpan<byte> head, ReadOnlySpan<byte> text)
    {
        var locked = ReportLock.Enter(ref SerialLock, out var token);
        WriteParts(head, text);
        if (locked)
            SerialLock.Release(token);
    }

    private static void WriteParts(ReadOnlySpan<byte> head, ReadOnlySpan<byte> text)
    {
        SerialPort.WritePolled(head);
        SerialPort.WritePolled(text);
        SerialPort.WritePolled("\r\n"u8);
    }
}
