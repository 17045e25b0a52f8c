// Text of any length up to 4 MiB in frames: what generated files (proc) are written into. `text.Append($"{name}: {value}\n")` formats
// straight into the frames and allocates nothing else. When memory runs out the rest is dropped and HasFailed tells.
// Guard: its one user. Pooled; frames go back with Close. Linux: struct seq_file.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed class PagedText
{
    private const int MaxFrames = Frames.Size / sizeof(uint);

    private Links<PagedText> _poolLinks;
    private FrameNumber _index; // its words: the frames of text

    private PagedText()
    {
    }

    public static Pool<PagedText, Pooled> Pool { get; private set; } = null!;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Some of the text is missing: no memory, or longer than 4 MiB.</summary>
    public bool HasFailed { get; private set; }

    public static void Init(int limit)
    {
        Pool = new Pool<PagedText, Pooled>("paged_text", limit);
    }

    /// <summary>An empty text. ENOMEM. <see cref="Close"/> must follow.</summary>
    public static Result<PagedText> Create()
    {
        if (!FrameAllocator.TryTakeClear(out var index))
            return Errno.ENOMEM;
        if (!Pool.TryTake(out var text))
        {
            FrameAllocator.Give(index);
            return Errno.ENOMEM;
        }

        text._index = index;
        text.Length = 0;
        text.HasFailed = false;
        return text;
    }

    /// <summary>Gives frames and object back.</summary>
    public void Close()
    {
        Clear();
        FrameAllocator.Give(_index);
        Pool.Give(this);
    }

    /// <summary>Forgets the text.</summary>
    public void Clear()
    {
        foreach (ref var frame in Index)
        {
            if (frame == 0)
                break;
            FrameAllocator.Give(new FrameNumber(frame));
            frame = 0;
        }

        Length = 0;
        HasFailed = false;
    }

    /// <summary>Appends an interpolated string, formatted as <see cref="TextWriter"/> does.</summary>
    public void Append([InterpolatedStringHandlerArgument("")] ref Handler handler) => HasFailed |= handler.Text != this;

    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var offset = Length & Frames.Size - 1;
            var at = Length >> Frames.Shift;
            if (at == MaxFrames || offset == 0 && !TryAddFrame(at))
            {
                HasFailed = true;
                return;
            }

            var count = Math.Min(bytes.Length, Frames.Size - offset);
            bytes.Slice(0, count).CopyTo(Frames.Bytes(new FrameNumber(Index[at])).Slice(offset));
            bytes = bytes.Slice(count);
            Length += count;
        }
    }

    public void Append(string text) => Append(text, 0);

    public void AppendByte(byte value)
    {
        Span<byte> one = stackalloc byte[1];
        one[0] = value;
        Append(one);
    }

    /// <summary>Appends UTF-16 text as UTF-8, padded to <paramref name="alignment"/> (on the left when positive).</summary>
    public void Append(scoped ReadOnlySpan<char> text, int alignment)
    {
        Pad(alignment - text.Length);
        Span<byte> code = stackalloc byte[4];
        for (var at = 0; at < text.Length;)
            Append(code.Slice(0, TextFormat.Encode(text, ref at, code)));
        Pad(-alignment - text.Length);
    }

    /// <summary>Copies from <paramref name="position"/> on into a reader's buffer; how many bytes.</summary>
    public int CopyTo(ref IoBuffer to, long position)
    {
        var copied = 0;
        while (position < Length && to.Remaining > 0)
        {
            var offset = (int)position & Frames.Size - 1;
            var count = (int)Math.Min(Frames.Size - offset, Length - position);
            var part = to.CopyFrom(Frames.Bytes(new FrameNumber(Index[(int)(position >> Frames.Shift)])).Slice(offset, count));
            copied += part;
            position += part;
            if (part < count)
                break;
        }

        return copied;
    }

    private Span<uint> Index => MemoryMarshal.Cast<byte, uint>(Frames.Bytes(_index));

    private bool TryAddFrame(int at)
    {
        if (Index[at] != 0)
            return true;
        if (!FrameAllocator.TryTake(out var frame))
            return false;
        Index[at] = frame.Value;
        return true;
    }

    private void Append(scoped ReadOnlySpan<byte> bytes, int alignment)
    {
        Pad(alignment - bytes.Length);
        Append(bytes);
        Pad(-alignment - bytes.Length);
    }

    private void Pad(int count)
    {
        for (; count > 0; count--)
            AppendByte((byte)' ');
    }

    /// <summary>What the compiler makes of an interpolated string: each part goes into the text at once.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler
    {
        internal readonly PagedText Text;

        public Handler(int literalLength, int formattedCount, PagedText text) => Text = text;

        public void AppendLiteral(string text) => Text.Append(text, 0);

        public void AppendFormatted(string? text, int alignment = 0)
        {
            if (text is not null)
                Text.Append(text, alignment);
        }

        public void AppendFormatted(scoped ReadOnlySpan<byte> text, int alignment = 0) => Text.Append(text, alignment);
        public void AppendFormatted(scoped ReadOnlySpan<char> text, int alignment = 0) => Text.Append(text, alignment);

        public void AppendFormatted(char value, int alignment = 0)
        {
            Span<char> one = stackalloc char[1];
            one[0] = value;
            Text.Append((ReadOnlySpan<char>)one, alignment);
        }

        public void AppendFormatted(long value, int alignment = 0, string? format = null)
        {
            Span<byte> digits = stackalloc byte[TextFormat.NumberBytes];
            Text.Append(digits.Slice(0, TextFormat.Write(digits, value, format)), alignment);
        }

        public void AppendFormatted(ulong value, int alignment = 0, string? format = null)
        {
            Span<byte> digits = stackalloc byte[TextFormat.NumberBytes];
            Text.Append(digits.Slice(0, TextFormat.Write(digits, value, format)), alignment);
        }

        public void AppendFormatted(int value, int alignment = 0, string? format = null)
        {
            if (TextFormat.IsDecimal(format))
                AppendFormatted((long)value, alignment, format);
            else
                AppendFormatted((ulong)(uint)value, alignment, format);
        }
    }

    public readonly struct Pooled : IPooled<PagedText>
    {
        public static ref Links<PagedText> Of(PagedText item) => ref item._poolLinks;
        public static PagedText Create() => new();
        public static int Bytes => 96;
    }
}
