// The few devices every machine has: a serial console, the battery clock's word (see Clock), a source of randomness.
using System;

namespace Jiffy.Machine;

public enum InterruptLine { Serial, Count }

public static partial class InterruptLines
{
    /// <summary>Lets the line interrupt, on CPU 0 unless moved.</summary>
    public static partial void Enable(InterruptLine line);

    public static partial void Disable(InterruptLine line);

    /// <summary>What brings interrupts to the CPUs; for the log.</summary>
    public static partial string Controller { get; }
}

/// <summary>A 16550-like serial port with a small transmit queue. The caller's lock guards it.</summary>
public static partial class SerialPort
{
    /// <summary>Sends as much as the port takes now; returns how many bytes.</summary>
    public static partial int Write(ReadOnlySpan<byte> bytes);

    /// <summary>Sends all, waiting for the port. For panics and early boot.</summary>
    public static partial void WritePolled(ReadOnlySpan<byte> bytes);

    /// <summary>Takes one received byte if there is one.</summary>
    public static partial bool TryRead(out byte value);

    /// <summary>Turns the received-data interrupt on.</summary>
    public static partial void EnableReceive();

    /// <summary>Asks for an interrupt when the port can take more to send; off when nothing is left.</summary>
    public static partial void EnableTransmit(bool on);
}

public static partial class Entropy
{
    /// <summary>A value nobody can foresee, or, with <c>nordrand</c> on the command line, a repeatable one.</summary>
    public static partial ulong Next();
}

public static partial class Power
{
    /// <summary>Powers the machine off. <paramref name="exitStatus"/> (0 to 255) reaches whoever started it.</summary>
    public static partial void Off(int exitStatus);

    /// <summary>Resets the machine.</summary>
    public static partial void Reset();

    /// <summary>Ends the machine after a panic, so that whoever started it sees that.</summary>
    public static partial void Panicked();
}
