using System;
using System.Linq;
using Jiffy.Cli;
using Jiffy.Cli.Testing;
using Jiffy.Cli.Testing.Guest;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public class GuestCaseTests
{
    [Fact]
    public void A_header_says_how_the_case_runs()
    {
        var header = CaseHeader.Parse("/x/name.sh",
        [
            "# What it is about: this is not a directive.",
            "# cpus: 1 4",
            "# timeout: 7",
            "# memory: 64M",
            "# expect:  two words",
            "# expect:",
            "# expect-status: 3",
            "# host: no",
            "",
            "echo body",
            "# cpus: 2",
        ]);
        var item = header.ToCase("name", CaseKind.Shell, "1 2 4");
        Assert.Equal([1, 4], item.Cpus);
        Assert.Equal((7, 64, 3, false), (item.Timeout, item.Memory, item.Status, item.RunsOnHost));
        Assert.Equal(" two words\n\n", item.Output);
        Assert.Equal(["echo body", "# cpus: 2"], header.Body);
        Assert.Equal(10, header.FirstBodyLine);
    }

    [Fact]
    public void A_program_has_the_same_header_behind_slashes()
    {
        var header = CaseHeader.Parse("/x/name.c", ["// About.", "// test: 1 2", "// test: 3", "// cpus: 2", "int x;"]);
        Assert.Equal(["1 2", "3"], header.Values("test"));
        Assert.Equal([2], header.ToCase("name", CaseKind.Program, "2").Cpus);
    }

    [Theory]
    [InlineData("# cpus: 0"), InlineData("# cpus: many"), InlineData("# timeout: -1"), InlineData("# memory: 3x"), InlineData("# expect-match: (")]
    public void A_wrong_directive_is_an_error(string line) =>
        Assert.Throws<CliFailure>(() => CaseHeader.Parse("/x/name.sh", [line]).ToCase("name", CaseKind.Shell, "1"));

    [Theory]
    [InlineData(0, "yes\n", true)]
    [InlineData(1, "yes\n", false)]
    [InlineData(0, "yes", false)]
    [InlineData(0, "yes\nmore\n", false)]
    public void Status_and_output_must_be_as_expected(int status, string output, bool passes) =>
        Assert.Equal(passes, new GuestCase("name", CaseKind.Shell, "f") { Output = "yes\n" }.Judge(status, output) is null);

    [Fact]
    public void Steps_are_read_with_their_escapes()
    {
        var header = CaseHeader.Parse("/x/name.tty",
            ["# About.", "send \"a\\n\\x01^C\\\"\\^\"", "", "# comment", "wait \"\\[1\\] \\\"x\" 2.5", "pause 1"]);
        var steps = TerminalScript.Read(header);
        Assert.Equal([(byte)'a', (byte)'\n', 1, 3, (byte)'"', (byte)'^'], Assert.IsType<SendStep>(steps[0]).Keys);
        var wait = Assert.IsType<WaitStep>(steps[1]);
        Assert.Equal((5, 2.5), (wait.Line, wait.Limit.TotalSeconds));
        Assert.Matches(wait.Pattern, "[1] \"x");
        Assert.Equal(TimeSpan.FromSeconds(1), Assert.IsType<PauseStep>(steps[2]).Time);
    }

    [Theory]
    [InlineData("send text"), InlineData("send \"\\q\""), InlineData("wait 3"), InlineData("jump \"x\""), InlineData("wait \"(\"")]
    public void A_wrong_step_is_an_error(string line) =>
        Assert.Throws<CliFailure>(() => TerminalScript.Read(CaseHeader.Parse("/x/name.tty", [line])));

    [Theory]
    [InlineData("guest", true)]
    [InlineData("guest/pipe-order@2", true)]
    [InlineData("pipe-order", true)]
    [InlineData("guest/pipe-order", true)]
    [InlineData("pipe-*", true)]
    [InlineData("pipe-order@4", false)]
    [InlineData("pipe", false)]
    [InlineData("unit", false)]
    public void A_pattern_names_a_part_a_test_or_a_run(string pattern, bool wanted) =>
        Assert.Equal(wanted, new TestRequest { Patterns = [pattern] }.Wants("guest/pipe-order@2"));

    [Fact]
    public void The_batch_script_quotes_names_and_arguments()
    {
        var item = new GuestCase("n", CaseKind.Program, "f") { Binary = "n.musl", Arguments = ["it's"], Timeout = 9 };
        var script = BatchScript.Create([item]).Split('\n');
        Assert.Contains(@"batch_case 'n' 9 '/tests/bin/n.musl' 'it'\''s'", script);
        Assert.Equal("mark done", script.Last(line => line.Length > 0));
    }

    [Fact]
    public void Every_case_in_the_tree_can_be_read() =>
        Assert.NotEmpty(new GuestSuite().List(new TestRequest { IncludesLong = true }));
}
