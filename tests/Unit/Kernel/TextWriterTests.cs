// Formatting into spans: numbers in all bases, padding, UTF-8, and what happens at the end of the room.
using System;
using System.Text;
using Jiffy.Kernel.Structures;
using Xunit;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class TextWriterTests
{
    [Fact]
    public void Numbers_padding_and_bases()
    {
        Span<byte> room = stackalloc byte[200];
        var text = new TextWriter(room);
        text.Append($"{-5,5}|{-5,-5}|{255:x}|{255:X4}|{-1:x}|{7:d3}|{8:o}|{ulong.MaxValue}|{long.MinValue}|{long.MinValue:x}");
        Assert.Equal("   -5|-5   |ff|00FF|ffffffff|007|10|18446744073709551615|-9223372036854775808|8000000000000000", Read(text));
    }

    [Fact]
    public void Text_of_all_kinds()
    {
        Span<byte> room = stackalloc byte[100];
        var text = new TextWriter(room);
        ReadOnlySpan<byte> bytes = "bytes"u8;
        string? none = null;
        text.Append($"{bytes,7}|{"str",-5}|{none}|{'c'}|{true}|ü€😀");
        text.AppendByte((byte)'!');
        Assert.Equal("  bytes|str  ||c|true|ü€😀!", Read(text));
    }

    [Fact]
    public void What_does_not_fit_is_cut_and_told()
    {
        Span<byte> room = stackalloc byte[4];
        var text = new TextWriter(room);
        text.Append($"{123}");
        Assert.False(text.WasCut);
        text.Append($"{456}");
        Assert.True(text.WasCut);
        Assert.Equal("1234", Read(text));
        text.Clear();
        Assert.Equal(4, text.Room);
    }

    private static string Read(TextWriter text) => Encoding.UTF8.GetString(text.Written);
}
