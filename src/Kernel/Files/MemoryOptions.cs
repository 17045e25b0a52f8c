// The options of tmpfs: size, nr_blocks, nr_inodes, mode, uid, gid. man 5 tmpfs.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public struct MemoryOptions
{
    /// <summary>Limits in frames and inodes.</summary>
    public long Pages, Inodes;

    public uint Mode, UserId, GroupId;

    /// <summary>Reads a comma separated list; unknown options are ignored, bad values EINVAL.</summary>
    public static Result<MemoryOptions> Parse(ReadOnlySpan<byte> text, long pages, long inodes)
    {
        var options = new MemoryOptions { Pages = pages, Inodes = inodes, Mode = 0x3ff };
        while (text.Length > 0)
        {
            var end = text.IndexOf((byte)',');
            var option = end < 0 ? text : text.Slice(0, end);
            text = end < 0 ? default : text.Slice(end + 1);
            if (!options.TryApply(option))
                return Errno.EINVAL;
        }

        return options;
    }

    private bool TryApply(ReadOnlySpan<byte> option)
    {
        var at = option.IndexOf((byte)'=');
        if (at < 0)
            return true;
        var name = option.Slice(0, at);
        var value = option.Slice(at + 1);
        if (name.SequenceEqual("size"u8))
            return TrySize(value);
        if (name.SequenceEqual("nr_blocks"u8))
            return TryNumber(value, 10, out Pages);
        if (name.SequenceEqual("nr_inodes"u8))
            return TryNumber(value, 10, out Inodes);
        if (name.SequenceEqual("mode"u8))
            return TryNumber(value, 8, out Mode) && (Mode & ~FileConstants.ModeBits) == 0;
        if (name.SequenceEqual("uid"u8))
            return TryNumber(value, 10, out UserId);
        return !name.SequenceEqual("gid"u8) || TryNumber(value, 10, out GroupId);
    }

    private bool TrySize(ReadOnlySpan<byte> value)
    {
        if (value.Length > 0 && value[value.Length - 1] == '%')
        {
            if (!TryNumber(value.Slice(0, value.Length - 1), 10, out long percent) || percent > 100)
                return false;
            Pages = FrameAllocator.TotalFrames * percent / 100;
            return true;
        }

        if (!TryNumber(value, 10, out long bytes))
            return false;
        Pages = (bytes + Frames.Size - 1) >> Frames.Shift;
        if (Pages == 0)
            Pages = long.MaxValue;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, int radix, out uint value)
    {
        var isNumber = TryNumber(text, radix, out long wide) && wide <= uint.MaxValue;
        value = (uint)wide;
        return isNumber;
    }

    // Digits, then k, m or g.
    private static bool TryNumber(ReadOnlySpan<byte> text, int radix, out long value)
    {
        value = 0;
        var at = 0;
        for (; at < text.Length && text[at] >= '0' && text[at] < '0' + radix; at++)
        {
            if (value > long.MaxValue >> 40)
                return false;
            value = value * radix + (text[at] - '0');
        }

        if (at == 0 || at < text.Length - 1)
            return false;
        if (at == text.Length)
            return true;
        var shift = (text[at] | 0x20) switch { 'k' => 10, 'm' => 20, 'g' => 30, _ => 0 };
        value <<= shift;
        return shift != 0;
    }
}
