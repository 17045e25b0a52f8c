// The checks of exceptions, type safety and contexts find each bad sample, and none of the good ones.
using System.IO;
using System.Linq;
using Jiffy.Checks;
using Jiffy.Checks.Code;
using Jiffy.Checks.Rules;
using Xunit;

namespace Jiffy.Tests.Unit.Checks;

public sealed class MannersTests
{
    [Theory]
    [InlineData("Throws", "throw")]
    [InlineData("Catches", "catch")]
    [InlineData("Filters", "catch with a filter")]
    public void Exceptions_are_found(string method, string what) =>
        AssertFinds(ExceptionCheck.Run(SampleCode.Alone, Allowances.None), $"BadManners.{method} ", $": {what}");

    [Theory]
    [InlineData("Reinterprets", "Unsafe.As")]
    [InlineData("LeavesBounds", "MemoryMarshal.CreateSpan")]
    [InlineData("Native", "Marshal.AllocHGlobal")]
    public void Ways_out_of_type_safety_are_found(string method, string what) =>
        AssertFinds(SafetyCheck.Run(SampleCode.Alone, Allowances.None), $"BadManners.{method} ", $": {what}");

    [Fact]
    public void A_project_that_allows_unsafe_code_is_found()
    {
        var project = Path.Combine(SampleCode.Scratch(), "Kernel.csproj");
        File.WriteAllText(project, "<AllowUnsafeBlocks>true</AllowUnsafeBlocks>");
        AssertFinds(SafetyCheck.Run(SampleCode.Alone, Allowances.None, project), "Kernel.csproj", "unsafe");
        Directory.Delete(Path.GetDirectoryName(project)!, recursive: true);
    }

    [Theory]
    [InlineData("WaitQueue.WaitEventUntil", "hardirq in Tests.Unit.Checks.Samples.BadContexts.TopHalf")]
    [InlineData("WaitQueue.WaitEventUntil", "softirq handler given at tests/Unit/Checks/Samples/BadContexts.cs")]
    [InlineData("UserMemory.TryRead", "softirq in Tests.Unit.Checks.Samples.BadContexts.Deferred")]
    [InlineData("Mutex.AcquireUnguarded", "a spin lock is held from tests/Unit/Checks/Samples/BadContexts.cs")]
    [InlineData("Completion.Wait", "a spin lock is held without a guard, see tests/Unit/Checks/Samples/BadContexts.cs")]
    [InlineData("ReadWriteSemaphore.TakeRead", "BadContexts.GivesBackAndTakesAgain")]
    public void Sleeping_where_it_is_not_allowed_is_found(string leaf, string region) =>
        AssertFinds(Contexts(), $"{leaf} may sleep", region);

    [Fact]
    public void Good_manners_are_no_findings()
    {
        var reports = new[] { ExceptionCheck.Run(SampleCode.Alone, Allowances.None), SafetyCheck.Run(SampleCode.Alone, Allowances.None), Contexts() };
        Assert.DoesNotContain(reports.SelectMany(report => report.Findings), finding => finding.Contains("Samples.Good"));
    }

    [Fact]
    public void An_allowance_without_a_reason_is_refused() =>
        Assert.Throws<InvalidDataException>(() => Allowances.Parse(["exceptions | Somebody | throw |"]));

    private static CheckReport Contexts() => ContextCheck.Run(SampleCode.WithKernel, new CallGraph(SampleCode.WithKernel), Allowances.None);

    private static void AssertFinds(CheckReport report, string first, string second) =>
        Assert.Contains(report.Findings, finding => finding.Split('\n')[0] is var line && line.Contains(first) && line.Contains(second));
}
