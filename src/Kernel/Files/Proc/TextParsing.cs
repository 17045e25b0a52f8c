// What is written to generated files: numbers and lines. Contexts: any. Linux: proc_dointvec(), proc_dostring().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class TextParsing
{
    /// <summary>True when ASCII text and bytes say the same.</summary>
    public static bool IsSame(string text, ReadOnlySpan<byte> bytes)
    {
        if (text.Length != bytes.Length)
            return false;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != bytes[at])
                return false;
        }

        return true;
    }

    /// <summary>The first line of what was written, without spaces around it.</summary>
    public static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        if (end >= 0)
            text = text.Slice(0, end);
        while (text.Length > 0 && IsSpace(text[0]))
            text = text.Slice(1);
        while (text.Length > 0 && (IsSpace(text[text.Length - 1]) || text[text.Length - 1] == 0))
            text = text.Slice(0, text.Length - 1);
        return text;
    }

    /// <summary>One decimal number, with a sign perhaps, between two bounds. EINVAL.</summary>
    public static Result<int> Number(ReadOnlySpan<byte> text, int least, int most)
    {
        text = Line(text);
        var negative = text.Length > 0 && text[0] == '-';
        if (negative)
            text = text.Slice(1);
        if (text.Length is 0 or > 10)
            return Errno.EINVAL;
        var value = 0L;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return Errno.EINVAL;
            value = value * 10 + (digit - '0');
        }

        value = negative ? -value : value;
        return value < least || value > most ? Errno.EINVAL : (int)value;
    }

    /// <summary>One decimal number of up to 64 bits without a sign. EINVAL.</summary>
    public static Result<ulong> Unsigned(ReadOnlySpan<byte> text)
    {
        text = Line(text);
        if (text.Length == 0)
            return Errno.EINVAL;
        var value = 0UL;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9' || value > (ulong.MaxValue - (ulong)(digit - '0')) / 10)
                return Errno.EINVAL;
            value = value * 10 + (ulong)(digit - '0');
        }

        return value;
    }

    /// <summary>The number a name of only digits means, without leading zeros; -1: it is no such name.</summary>
    public static int Id(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 9 || (name[0] == '0' && name.Length > 1))
            return -1;
        var value = 0;
        foreach (var digit in name)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return -1;
            value = value * 10 + (digit - '0');
        }

        return value;
    }

    /// <summary>A mask of CPUs: hexadecimal, in groups of at most eight digits parted by commas. EINVAL, also for a bit beyond the 64th.</summary>
    public static Result<CpuSet> CpuMask(ReadOnlySpan<byte> text)
    {
        text = Line(text);
        ulong bits = 0, group = 0;
        int digits = 0, groups = 1;
        foreach (var letter in text)
        {
            var digit = HexDigit(letter);
            if (letter == ',' && digits > 0 && groups++ == 1)
            {
                bits = group;
                group = 0;
                digits = 0;
            }
            else if (digit >= 0 && ++digits <= 8)
            {
                group = group << 4 | (uint)digit;
            }
            else
            {
                return Errno.EINVAL;
            }
        }

        return digits == 0 ? Errno.EINVAL : new CpuSet(bits << 32 | group);
    }

    private static int HexDigit(byte letter) => letter switch
    {
        >= (byte)'0' and <= (byte)'9' => letter - '0',
        >= (byte)'a' and <= (byte)'f' => letter - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => letter - 'A' + 10,
        _ => -1,
    };

    private static bool IsSpace(byte letter) => letter is (byte)' ' or (byte)'\t';
}
