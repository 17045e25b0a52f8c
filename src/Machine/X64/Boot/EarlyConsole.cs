// The serial port before anything else works: polled, no state, no locks. For start-up, self tests and last words.
using System;

namespace Jiffy.Machine;

internal static class EarlyConsole
{
    private const ushort Port = 0x3f8;
    private const ushort LineStatus = Port + 5;
    private const byte TransmitterEmpty = 0x20;

    internal static void Write(byte value)
    {
        while ((Ports.Read8(LineStatus) & TransmitterEmpty) == 0)
        {
        }
        Ports.Write8(Port, value);
    }

    internal static void Write(ReadOnlySpan<byte> text)
    {
        foreach (var c in text)
            Write(c);
    }

    internal static void Write(string? text)
    {
        foreach (var c in text.AsSpan())
            Write((byte)c);
    }

    internal static void WriteLine(string text)
    {
        Write(text);
        Write((byte)'\n');
    }

    internal static void Write(int value)
    {
        if (value < 0)
            Write((byte)'-');
        WriteDigits((ulong)Math.Abs((long)value), 10);
    }

    internal static void WriteHex(ulong value)
    {
        Write("0x");
        WriteDigits(value, 16);
    }

    private static void WriteDigits(ulong value, uint radix)
    {
        Span<byte> digits = stackalloc byte[20];
        var at = digits.Length;
        do
        {
            var digit = (uint)(value % radix);
            digits[--at] = (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
            value /= radix;
        }
        while (value != 0);
        Write(digits.Slice(at));
    }
}
