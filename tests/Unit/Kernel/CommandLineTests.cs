// Sizes on the kernel command line.
using System.Text;
using Jiffy.Kernel.Boot;
using Xunit;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("64K", 64 << 10)]
    [InlineData("64k", 64 << 10)]
    [InlineData("2M", 2 << 20)]
    [InlineData("3g", 3L << 30)]
    public void A_size_is_read(string text, long expected)
    {
        Assert.True(CommandLine.TryParseSize(Encoding.ASCII.GetBytes(text), out var bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-1")]
    [InlineData("1T")]
    [InlineData("1MB")]
    [InlineData("1 M")]
    [InlineData("99999999999999999999")]
    public void What_is_no_size_is_refused(string text) => Assert.False(CommandLine.TryParseSize(Encoding.ASCII.GetBytes(text), out _));
}
