// What may be written to files of /proc, and which names mean ids.
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files.Proc;
using Xunit;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class TextParsingTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("42\n", 42)]
    [InlineData(" \t7 \n", 7)]
    [InlineData("-1000\n", -1000)]
    [InlineData("5\nmore", 5)]
    [InlineData("1000", 1000)]
    public void A_number_is_read(string text, int expected)
    {
        var result = TextParsing.Number(Encoding.ASCII.GetBytes(text), -1000, 1000);
        Assert.Equal(Errno.None, result.Error);
        Assert.Equal(expected, result.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("-")]
    [InlineData("1x")]
    [InlineData("1 2")]
    [InlineData("+1")]
    [InlineData("--1")]
    [InlineData("1001")]
    [InlineData("-1001")]
    [InlineData("9999999999")]
    [InlineData("99999999999999999999")]
    public void What_is_no_number_in_range_is_refused(string text) =>
        Assert.Equal(Errno.EINVAL, TextParsing.Number(Encoding.ASCII.GetBytes(text), -1000, 1000).Error);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("32767", 32767)]
    [InlineData("999999999", 999999999)]
    [InlineData("", -1)]
    [InlineData("01", -1)]
    [InlineData("-1", -1)]
    [InlineData("1a", -1)]
    [InlineData("1234567890", -1)]
    public void Names_of_ids_have_one_form(string name, int expected) =>
        Assert.Equal(expected, TextParsing.Id(Encoding.ASCII.GetBytes(name)));

    [Theory]
    [InlineData("name\n", "name")]
    [InlineData("two words \nrest", "two words")]
    [InlineData("zero\0", "zero")]
    [InlineData("", "")]
    public void A_line_ends_at_its_end(string text, string expected) =>
        Assert.Equal(expected, Encoding.ASCII.GetString(TextParsing.Line(Encoding.ASCII.GetBytes(text))));
}
