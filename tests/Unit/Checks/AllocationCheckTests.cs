// What can run after boot must not allocate: each way to do so is found, and each harmless look-alike is not.
using System.Linq;
using Jiffy.Checks;
using Jiffy.Checks.Code;
using Jiffy.Checks.Rules;
using Xunit;

namespace Jiffy.Tests.Unit.Checks;

public sealed class AllocationCheckTests
{
    private static readonly CheckReport s_report = Run(Allowances.None);

    [Theory]
    [InlineData("NewObject", "new RunTimeThing")]
    [InlineData("Concatenation", "call String.Concat")]
    [InlineData("Boxing", "box Int32")]
    [InlineData("Capturing", "(a lambda that captures)")]
    [InlineData("Capturing", "new Func<Int32>")]
    [InlineData("Parameters", "new Int32[]")]
    [InlineData("Group", "new Holder")]
    [InlineData("Group", "new Func<Int32>")]
    [InlineData("Iterator", "(an iterator or async method)")]
    [InlineData("VirtualMaker.Make", "new Byte[]")]
    [InlineData("StaticMaker.Make", "new List<Int32>")]
    [InlineData("StoreAtBoot", "new Int32[]")]
    [InlineData("Enumeration", "call Object.ToString")]
    public void A_way_to_allocate_is_found(string method, string what) =>
        Assert.Contains(s_report.Findings, finding => FirstLine(finding).Contains(method) && FirstLine(finding).Contains(what));

    [Fact]
    public void Boot_cached_lambdas_values_and_pool_fills_are_no_findings()
    {
        Assert.DoesNotContain(s_report.Findings, finding => FirstLine(finding).Contains("GoodAllocations"));
        Assert.DoesNotContain(s_report.Findings, finding => finding.Contains("BootThing"));
    }

    [Fact]
    public void A_finding_shows_the_way_from_a_door() =>
        Assert.Contains(s_report.Findings, finding => finding.Contains("from Tests.Unit.Checks.Samples.BadDoors.SystemCall") && finding.Contains("-> "));

    [Fact]
    public void An_allowance_takes_exactly_its_finding_away()
    {
        var allowed = Allowances.Parse(["allocation | Jiffy.Tests.Unit.Checks.Samples.BadAllocations.NewObject | new RunTimeThing | a sample"]);
        var report = Run(allowed);
        Assert.Equal(s_report.Findings.Count - 1, report.Findings.Count);
    }

    [Fact]
    public void An_allowance_that_nothing_needs_is_a_finding() =>
        Assert.Contains(Run(Allowances.Parse(["allocation | Nobody.Knows | new Thing | gone"])).Findings, finding => finding.Contains("Nobody.Knows"));

    private static CheckReport Run(Allowances allowed) => AllocationCheck.Run(SampleCode.Alone, new CallGraph(SampleCode.Alone), allowed);

    private static string FirstLine(string finding) => finding.Split('\n').First();
}
