// The checks of layers, of the generated table of locks, and of links: each is seen to fail.
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Checks.Code;
using Jiffy.Checks.Rules;
using Xunit;

namespace Jiffy.Tests.Unit.Checks;

public sealed class DocumentTests
{
    private const string Root = "Jiffy.Tests.Unit.Checks.Samples";

    private static readonly RoomUse[] s_uses =
        [.. new Rooms(SampleCode.Alone, Root, "tests/Unit/Checks/Samples", [], ["Low", "High"]).Uses.Where(use => use.From is "Low" or "High")];

    [Fact]
    public void Uses_are_seen_with_room_and_type()
    {
        Assert.Contains(s_uses, use => use is { From: "Low", To: "High", Type: "Top" } && use.Example.Contains("Bottom.cs"));
        Assert.Contains(s_uses, use => use is { From: "High", To: "Low", Type: "Bottom" });
    }

    [Fact]
    public void A_use_against_the_direction_is_a_finding() =>
        Assert.StartsWith("Low may not use High.Top", Assert.Single(Judge("| `Low` | | |", "| `High` | | `Low` |")));

    [Fact]
    public void An_upward_use_may_be_listed_for_one_type() =>
        Assert.Empty(Judge("| `Low` | | |", "| `High` | | `Low` |", "## Upward", "| `Low` | `High.Top` | door |"));

    [Fact]
    public void A_listed_use_that_is_gone_is_a_finding() =>
        Assert.Contains("no longer", Assert.Single(
            Judge("| `Low` | | |", "| `High` | | `Low` |", "## Upward", "| `Low` | `High.Top`, `High.Gone` | door |")));

    [Fact]
    public void A_room_below_must_stand_above_in_the_table() =>
        Assert.Contains(Judge("| `High` | | `Low` |", "| `Low` | | |", "## Upward", "| `Low` | `High.Top` | door |"), finding => finding.Contains("does not stand below"));

    [Fact]
    public void A_room_nobody_listed_is_a_finding() =>
        Assert.Contains("room High is not in docs/Layers.md", Judge("| `Low` | | |", "## Upward", "| `Low` | `High.Top` | door |"));

    [Fact]
    public void A_table_of_locks_that_is_out_of_date_is_a_finding()
    {
        var root = SampleCode.Scratch();
        Directory.CreateDirectory(Path.Combine(root, "src", "Kernel"));
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(root, "docs")).FullName, "Locks.md");
        Assert.False(LockDocument.Run(SampleCode.Kernel, root, writes: false).Passed);
        Assert.True(LockDocument.Run(SampleCode.Kernel, root, writes: true).Passed);
        Assert.True(LockDocument.Run(SampleCode.Kernel, root, writes: false).Passed);
        Assert.Contains("`Sched.RunQueue.Lock`", File.ReadAllText(file));
        File.AppendAllText(file, "x");
        Assert.False(LockDocument.Run(SampleCode.Kernel, root, writes: false).Passed);
        Directory.Delete(root, recursive: true);
    }

    private const string StateRow = "        (Kind.New, Kind.Running) => Who.Waker | Who.Maker, // woken for the first time\n";

    [Fact]
    public void A_table_of_states_is_read_and_drawn()
    {
        var faults = new List<string>();
        var changes = StateDocument.Parse("switch\n" + StateRow, faults);
        Assert.Empty(faults);
        var text = StateDocument.Write(changes, []);
        Assert.Contains("    New --> Running : waker or maker\n", text);
        Assert.Contains("| New | Running | waker or maker | woken for the first time |", text);
    }

    [Fact]
    public void A_row_of_the_table_of_states_that_is_written_otherwise_is_a_finding()
    {
        var faults = new List<string>();
        StateDocument.Parse(StateRow.Replace(" // woken for the first time", ""), faults);
        Assert.Contains("not read", Assert.Single(faults));
    }

    [Fact]
    public void A_state_without_a_way_in_or_out_is_a_finding() =>
        Assert.Equal(["nothing leads to the state New", "nothing leads out of the state Running"], StateDocument.Judge(StateDocument.Parse(StateRow, []), ["New", "Running"]));

    [Fact]
    public void A_link_to_nowhere_is_a_finding()
    {
        var root = SampleCode.Scratch();
        var file = Path.Combine(root, "Page.md");
        File.WriteAllText(file, "[here](Page.md) [web](https://example.org/x) [gone](src/Gone.cs#L1)\n```\n[code](Other.md)\n```\n");
        Assert.Contains("src/Gone.cs", Assert.Single(LinkCheck.BrokenLinks(root, file)));
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void A_member_that_is_not_in_the_code_is_a_finding()
    {
        var known = LinkCheck.MemberNames(SampleCode.Alone);
        Assert.Equal(["Top.Gone"], LinkCheck.UnknownMembers("`Top.Downward()`, `Bottom.Value`, `Top.Gone`, `Top.cs`, `SIGKILL`", known));
    }

    private static List<string> Judge(params string[] lines) => LayerCheck.Judge(LayerTable.Parse(lines.Prepend("## Rooms")), s_uses);
}
