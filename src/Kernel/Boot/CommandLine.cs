// The kernel command line: words of the form name or name=value, looked up by name. Linux: kernel-parameters.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

public static class CommandLine
{
    /// <summary>A size without its unit must not exceed this, so that no multiple overflows.</summary>
    private const long LargestSize = 1L << 32;

    /// <summary>True when the word stands alone on the command line.</summary>
    public static bool Has(ReadOnlySpan<byte> name) => Find(name, out var value) && value.Length == 0;

    /// <summary>The value of <c>name=value</c>; the last one counts.</summary>
    public static bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value) => Find(name, out value) && value.Length != 0;

    /// <summary>A decimal value, or <paramref name="otherwise"/> when the word is missing or no number.</summary>
    public static int GetInt(ReadOnlySpan<byte> name, int otherwise)
    {
        if (!TryGet(name, out var text))
            return otherwise;
        var value = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is < (byte)'0' or > (byte)'9' || value > 100_000_000)
                return otherwise;
            value = value * 10 + text[i] - '0';
        }

        return value;
    }

    /// <summary>A number of bytes, decimal, with <c>K</c>, <c>M</c> or <c>G</c> behind it for binary multiples. False: missing, or no such number.</summary>
    public static bool TryGetSize(ReadOnlySpan<byte> name, out long bytes)
    {
        bytes = 0;
        return TryGet(name, out var text) && TryParseSize(text, out bytes);
    }

    internal static bool TryParseSize(ReadOnlySpan<byte> text, out long bytes)
    {
        bytes = 0;
        var digits = 0;
        for (; digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
        {
            if (bytes > LargestSize)
                return false;
            bytes = bytes * 10 + text[digits] - '0';
        }

        var unit = text.Slice(digits);
        if (digits == 0 || bytes > LargestSize || unit.Length > 1)
            return false;
        if (unit.Length == 1)
            bytes <<= ShiftOf(unit[0]);
        return unit.Length == 0 || ShiftOf(unit[0]) != 0;
    }

    private static int ShiftOf(byte unit) => (char)(unit | 0x20) switch
    {
        'k' => 10,
        'm' => 20,
        'g' => 30,
        _ => 0,
    };

    private static bool Find(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var line = BootInfo.CommandLine;
        value = default;
        var found = false;
        for (var start = 0; start < line.Length;)
        {
            var end = EndOfWord(line, start);
            var word = line.Slice(start, end - start);
            start = end + 1;
            if (!word.StartsWith(name))
                continue;
            if (word.Length != name.Length && word[name.Length] != (byte)'=')
                continue;
            found = true;
            value = word.Length == name.Length ? default : word.Slice(name.Length + 1);
        }

        return found;
    }

    private static int EndOfWord(ReadOnlySpan<byte> line, int start)
    {
        while (start < line.Length && line[start] != (byte)' ')
            start++;
        return start;
    }
}
