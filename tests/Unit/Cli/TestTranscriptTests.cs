using System.Linq;
using Jiffy.Cli.Commands;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public class TestTranscriptTests
{
    [Fact]
    public void A_long_transcript_keeps_its_first_line_its_end_and_every_failure_between()
    {
        string[] lines = ["exit status 1", "ok one", "FAIL two: expected 1, got 0", .. Enumerable.Range(0, 50).Select(number => $"ok {number}")];
        Assert.Equal(["exit status 1", "... 48 lines ...", "FAIL two: expected 1, got 0", "ok 47", "ok 48", "ok 49"], TestCommand.Shorten(lines, 3));
    }

    [Fact]
    public void A_short_one_is_shown_whole() =>
        Assert.Equal(["exit status 1", "ok one", "ok two"], TestCommand.Shorten(["exit status 1", "ok one", "ok two"], 2));
}
