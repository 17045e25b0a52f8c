// Formatting of numbers and text as UTF-8 into bytes the caller owns: what TextWriter, PagedText and the kernel log share.
// A format string is a base letter and a least number of digits, as in "x8", "X", "o3", "d2". Nothing is allocated.
// Contexts: any. Linux: vsnprintf().
using System;

namespace Jiffy.Kernel.Structures;

public static class TextFormat
{
    /// <summary>Room that one number needs without padding: 64 binary-coded octal digits at most, and a sign.</summary>
    public const int NumberBytes = 72;

    /// <summary>Writes a signed number into <paramref name="to"/> (at least <see cref="NumberBytes"/>); returns its length.</summary>
    public static int Write(Span<byte> to, long value, string? format)
    {
        if (value >= 0 || !IsDecimal(format))
            return Write(to, (ulong)value, format);
        to[0] = (byte)'-';
        return 1 + Write(to.Slice(1), (ulong)-value, format);
    }

    /// <summary>Writes an unsigned number into <paramref name="to"/> (at least <see cref="NumberBytes"/>); returns its length.</summary>
    public static int Write(Span<byte> to, ulong value, string? format)
    {
        var letter = Letter(format);
        var radix = letter == 'x' || letter == 'X' ? 16u : letter == 'o' ? 8u : 10u;
        var ten = letter == 'X' ? 'A' : 'a';
        var length = Math.Max(CountDigits(value, radix), LeastDigits(format));
        for (var at = length - 1; at >= 0; at--)
        {
            var digit = (uint)(value % radix);
            value /= radix;
            to[at] = (byte)(digit < 10 ? '0' + digit : ten + digit - 10);
        }

        return length;
    }

    /// <summary>True unless the format asks for a base other than ten: then negative numbers show as their bits.</summary>
    public static bool IsDecimal(string? format) => Letter(format) is 'd' or 'D';

    /// <summary>Encodes one UTF-16 unit, or a surrogate pair that starts at <paramref name="at"/>; returns the bytes written (at most 4).</summary>
    public static int Encode(ReadOnlySpan<char> text, ref int at, Span<byte> to)
    {
        int code = text[at++];
        if (code < 0x80)
        {
            to[0] = (byte)code;
            return 1;
        }

        if (code is >= 0xd800 and < 0xdc00 && at < text.Length && text[at] is >= '\udc00' and <= '\udfff')
            code = 0x10000 + ((code - 0xd800) << 10) + (text[at++] - 0xdc00);
        else if (code is >= 0xd800 and <= 0xdfff)
            code = 0xfffd;
        return EncodeLong(code, to);
    }

    private static int EncodeLong(int code, Span<byte> to)
    {
        var length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (var at = length - 1; at > 0; at--)
        {
            to[at] = (byte)(0x80 | code & 0x3f);
            code >>= 6;
        }

        to[0] = (byte)(length == 2 ? 0xc0 | code : length == 3 ? 0xe0 | code : 0xf0 | code);
        return length;
    }

    private static char Letter(string? format) => format is null || format.Length == 0 ? 'd' : format[0];

    private static int LeastDigits(string? format)
    {
        var digits = 0;
        if (format is not null)
        {
            for (var at = 1; at < format.Length; at++)
                digits = digits * 10 + (format[at] - '0');
        }

        return Math.Clamp(digits, 1, NumberBytes - 2);
    }

    private static int CountDigits(ulong value, uint radix)
    {
        var count = 1;
        while (value >= radix)
        {
            value /= radix;
            count++;
        }

        return count;
    }
}
