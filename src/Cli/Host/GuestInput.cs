// The keyboard of a guest: the host's terminal, key by key, or a pipe, as text followed by an end of file.
// In a pipe's text, bytes that a terminal would act on are quoted with ^V, and the end of file becomes ^D.
using System;
using System.IO;
using System.Threading;

namespace Jiffy.Cli.Host;

internal sealed class GuestInput(Terminal? terminal)
{
    private const byte EndOfFile = 4;
    private const byte QuoteNext = 0x16;
    private const byte Escape = 0x1d;
    private const int EscapesToLeave = 3;

    // ^C ^D ^Q ^R ^S ^U ^V ^W ^Z ^\ and delete: what a terminal in its usual settings acts on.
    private static ReadOnlySpan<byte> Special => [3, 4, 0x11, 0x12, 0x13, 0x15, 0x16, 0x17, 0x1a, 0x1c, 0x7f];

    /// <summary>The host's terminal, or null for a pipe.</summary>
    public Terminal? Terminal => terminal;

    /// <summary>From now on everything read goes to the machine. The thread lasts as long as the process.</summary>
    public void StartTyping(VirtualMachine machine) =>
        new Thread(() => Copy(machine)) { IsBackground = true, Name = "keyboard" }.Start();

    private void Copy(VirtualMachine machine)
    {
        var buffer = new byte[terminal is null ? 1024 : 256];
        var escapes = 0;
        byte last = (byte)'\n';
        for (int count; (count = Descriptors.Read(Descriptors.StandardInput, buffer)) > 0;)
        {
            var bytes = buffer.AsSpan(0, count);
            last = bytes[^1];
            machine.Type(terminal is null ? QuoteSpecial(bytes) : bytes);
            if (terminal is not null && AsksToLeave(bytes, ref escapes))
                machine.Kill();
        }
        // At the beginning of a line ^D is the end of file; elsewhere the first one only sends the line.
        machine.Type(last == '\n' ? [EndOfFile] : [EndOfFile, EndOfFile]);
    }

    internal static byte[] QuoteSpecial(ReadOnlySpan<byte> bytes)
    {
        var quoted = new MemoryStream(bytes.Length);
        foreach (var value in bytes)
        {
            if (Special.Contains(value))
                quoted.WriteByte(QuoteNext);
            quoted.WriteByte(value);
        }
        return quoted.ToArray();
    }

    private static bool AsksToLeave(ReadOnlySpan<byte> keys, ref int escapes)
    {
        foreach (var key in keys)
        {
            escapes = key == Escape ? escapes + 1 : 0;
            if (escapes == EscapesToLeave)
                return true;
        }
        return false;
    }
}
