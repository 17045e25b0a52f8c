using System;
using System.Collections.Generic;
using Jiffy.Cli.Build;
using Xunit;

namespace Jiffy.Tests.Unit.Cli.Build;

public class Leb128Tests
{
    [Theory]
    [InlineData(0UL, 1)]
    [InlineData(127UL, 1)]
    [InlineData(128UL, 2)]
    [InlineData(300UL, 2)]
    [InlineData(ulong.MaxValue, 10)]
    public void What_is_written_is_read(ulong value, int length)
    {
        var bytes = new List<byte>();
        Leb128.Write(bytes, value);
        Assert.Equal(length, bytes.Count);
        ReadOnlySpan<byte> rest = bytes.ToArray();
        Assert.Equal(value, Leb128.Unsigned(ref rest));
        Assert.True(rest.IsEmpty);
    }

    [Theory]
    [InlineData(new byte[] { 0x7f }, -1)]
    [InlineData(new byte[] { 0x3f }, 63)]
    [InlineData(new byte[] { 0x80, 0x7f }, -128)]
    [InlineData(new byte[] { 0x80, 0x01 }, 128)]
    public void Signed_numbers_extend_their_sign(byte[] bytes, long value)
    {
        ReadOnlySpan<byte> rest = bytes;
        Assert.Equal(value, Leb128.Signed(ref rest));
    }
}
