// The kernel command line: words of the form name or name=value, looked up by name. Linux: kernel-parameters.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

public static class CommandLine
{
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
