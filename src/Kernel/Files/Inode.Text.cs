// The target of a symbolic link: up to 63 bytes inside the inode, a longer one in the file's first page. Never changed once set.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

[InlineArray(Capacity)]
public struct InlineText
{
    public const int Capacity = 63;

    private byte _first;
}

public sealed partial class Inode
{
    private InlineText _text;

    /// <summary>Sets a link's target, at most 4095 bytes. ENOSPC: no page.</summary>
    public Errno SetText(ReadOnlySpan<byte> text)
    {
        if (text.Length <= InlineText.Capacity)
        {
            text.CopyTo(_text);
        }
        else
        {
            var error = MakePage(0, out var frame);
            if (error != Errno.None)
                return error;
            text.CopyTo(Frames.Bytes(frame));
            FrameTable.Drop(frame);
        }

        Size = text.Length;
        return Errno.None;
    }

    /// <summary>Copies a link's target; its length, cut to what fits.</summary>
    public Result<int> GetText(Span<byte> to)
    {
        var length = (int)Math.Min(Size, to.Length);
        if (Size <= InlineText.Capacity)
        {
            ((ReadOnlySpan<byte>)_text).Slice(0, length).CopyTo(to);
            return length;
        }

        if (!TryFindPage(0, out var frame))
            return Errno.EIO;
        Frames.Bytes(frame).Slice(0, length).CopyTo(to);
        FrameTable.Drop(frame);
        return length;
    }

    private void ResetInlineText()
    {
        _text = default;
    }
}
