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

    /// <summary>In a panic nobody else runs, and the lock may be held by one who never lets go.</summary>
    private static bool s_ignoreLock;

    public static void Init()
    {
        SerialLock = default;
        s_ignoreLock = false;
    }

    public static void IgnoreLock() => s_ignoreLock = true;

    /// <summary>Writes head, text and an end of line.</summary>
    public static void WriteLine(ReadOnlySpan<byte> head, ReadOnlySpan<byte> text)
    {
        if (s_ignoreLock)
        {
            WriteParts(head, text);
            return;
        }

        using (SerialLock.Acquire())
            WriteParts(head, text);
    }

    private static void WriteParts(ReadOnlySpan<byte> head, ReadOnlySpan<byte> text)
    {
        SerialPort.WritePolled(head);
        SerialPort.WritePolled(text);
        SerialPort.WritePolled("\r\n"u8);
    }
}
