// Text built as UTF-8 in a span the caller owns: `text.Append($"{pid,5} {name}")` formats in place and allocates nothing.
// What does not fit is cut and remembered. Contexts: any. Linux: scnprintf(), struct seq_buf.
using System;
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Structures;

public ref struct TextWriter
{
    private readonly Span<byte> _buffer;
    private int _length;
    private bool _wasCut;

    public TextWriter(Span<byte> buffer)
    {
        _buffer = buffer;
        _length = 0;
        _wasCut = false;
    }

    /// <summary>Bytes written so far.</summary>
    public readonly int Length => _length;

    /// <summary>Bytes that still fit.</summary>
    public readonly int Room => _buffer.Length - _length;

    /// <summary>True when something did not fit.</summary>
    public readonly bool WasCut => _wasCut;

    /// <summary>What has been written.</summary>
    public readonly ReadOnlySpan<byte> Written => _buffer.Slice(0, _length);

    /// <summary>Forgets what was written.</summary>
    public void Clear()
    {
        _length = 0;
        _wasCut = false;
    }

    /// <summary>Appends an interpolated string: integers (formats x, X, o, d with a least number of digits), text, alignment.</summary>
    public void Append([InterpolatedStringHandlerArgument("")] scoped Handler handler)
    {
        _length = handler.Writer._length;
        _wasCut |= handler.Writer._wasCut;
    }

    public void Append(scoped ReadOnlySpan<byte> text)
    {
        var count = Math.Min(text.Length, Room);
        text.Slice(0, count).CopyTo(_buffer.Slice(_length));
        _length += count;
        _wasCut |= count < text.Length;
    }

    public void Append(string? text)
    {
        if (text is not null)
            Append(text, 0);
    }

    public void AppendByte(byte value)
    {
        if (_length < _buffer.Length)
            _buffer[_length++] = value;
        else
            _wasCut = true;
    }

    /// <summary>Appends text padded to <paramref name="alignment"/> bytes: on the left when it is positive, on the right when negative.</summary>
    public void Append(scoped ReadOnlySpan<byte> text, int alignment)
    {
        Pad(alignment - text.Length);
        Append(text);
        Pad(-alignment - text.Length);
    }

    /// <summary>Appends UTF-16 text as UTF-8, padded as above (counted in UTF-16 units).</summary>
    public void Append(scoped ReadOnlySpan<char> text, int alignment)
    {
        Pad(alignment - text.Length);
        Span<byte> code = stackalloc byte[4];
        for (var at = 0; at < text.Length;)
            Append(code.Slice(0, TextFormat.Encode(text, ref at, code)));
        Pad(-alignment - text.Length);
    }

    public void AppendNumber(long value, int alignment = 0, string? format = null)
    {
        Span<byte> digits = stackalloc byte[TextFormat.NumberBytes];
        Append(digits.Slice(0, TextFormat.Write(digits, value, format)), alignment);
    }

    public void AppendNumber(ulong value, int alignment = 0, string? format = null)
    {
        Span<byte> digits = stackalloc byte[TextFormat.NumberBytes];
        Append(digits.Slice(0, TextFormat.Write(digits, value, format)), alignment);
    }

    private void Pad(int count)
    {
        for (; count > 0; count--)
            AppendByte((byte)' ');
    }

    /// <summary>What the compiler makes of an interpolated string given to <see cref="TextWriter.Append(Handler)"/>.</summary>
    [InterpolatedStringHandler]
    public ref struct Handler
    {
        internal TextWriter Writer;

        public Handler(int literalLength, int formattedCount, TextWriter writer)
        {
            Writer = writer;
            Writer._wasCut = false;
        }

        public void AppendLiteral(string text) => Writer.Append(text, 0);

        public void AppendFormatted(string? text, int alignment = 0)
        {
            if (text is not null)
                Writer.Append(text, alignment);
        }

        public void AppendFormatted(scoped ReadOnlySpan<byte> text, int alignment = 0) => Writer.Append(text, alignment);
        public void AppendFormatted(scoped ReadOnlySpan<char> text, int alignment = 0) => Writer.Append(text, alignment);
        public void AppendFormatted(bool value, int alignment = 0) => Writer.Append(value ? "true" : "false", alignment);

        public void AppendFormatted(char value, int alignment = 0)
        {
            Span<char> one = stackalloc char[1];
            one[0] = value;
            Writer.Append((ReadOnlySpan<char>)one, alignment);
        }

        public void AppendFormatted(long value, int alignment = 0, string? format = null) => Writer.AppendNumber(value, alignment, format);
        public void AppendFormatted(ulong value, int alignment = 0, string? format = null) => Writer.AppendNumber(value, alignment, format);

        /// <remarks>Apart from long's, so that a negative number in another base shows 32 bits.</remarks>
        public void AppendFormatted(int value, int alignment = 0, string? format = null)
        {
            if (TextFormat.IsDecimal(format))
                Writer.AppendNumber((long)value, alignment, format);
            else
                Writer.AppendNumber((ulong)(uint)value, alignment, format);
        }
    }
}
