using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Cli.Root;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public class ConsoleMarksTests
{
    private const string Stream = "before\x1b]777;jiffy;ready\aafter\x1b[1m bold \x1b]0;title\a\x1b]777;jiffy;status=7\a\x1b";

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(7), InlineData(1000)]
    public void Marks_are_taken_out_wherever_the_stream_is_cut(int size)
    {
        var marks = new ConsoleMarks();
        var output = new MemoryStream();
        var seen = new List<string>();
        foreach (var chunk in Encoding.Latin1.GetBytes(Stream).Chunk(size))
            foreach (var piece in marks.Take(chunk))
            {
                if (piece.Mark is { } mark)
                    seen.Add($"{mark}@{output.Length}");
                else
                    output.Write(piece.Output.Span);
            }
        output.Write(marks.Rest());
        Assert.Equal(["ready@6", "status=7@31"], seen);
        Assert.Equal("beforeafter\x1b[1m bold \x1b]0;title\a\x1b", Encoding.Latin1.GetString(output.ToArray()));
    }
}
