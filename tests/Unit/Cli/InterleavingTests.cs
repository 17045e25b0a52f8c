// Interleavings as the explorer reports them are read, and made into a page that holds them.
using System.Linq;
using Jiffy.Cli.Lab;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public sealed class InterleavingTests
{
    private const string Report =
        """
        sleeper never ended; its state is Uninterruptible
          schedule: choices:0001, 102 steps, 2020 ns
          interleaving (last steps):
                1040 ns  cpu0 sleeper: Relax  SmallCase.Arrive (SmallCase.cs:65)
                1120 ns  cpu0 sleeper: Interleave  SleepOn.Sleep (SleepOn.cs:34)
                1160 ns      cpu1 swapper/1: Halt
                1180 ns      cpu1 opener: InterruptsOn  Scheduler.FinishSwitch (Scheduler.Switch.cs:97)
                1200 ns      cpu1 opener: Relax  SmallCase.Arrive (SmallCase.cs:73)  (3 times)
                1280 ns      cpu1 opener: Interleave  WaitQueue.WakeUp (WaitQueue.Wake.cs:27)  (2 times)
                1460 ns      cpu1 opener: Interleave  Case.Done (BrokenWaitTests.cs:109)
                1560 ns      cpu1 opener: Switch  Scheduler.SwitchTo (Scheduler.Switch.cs:250)
                1840 ns  cpu0 sleeper: interrupt Timer  Scheduler.ScheduleUntilDone (Scheduler.Switch.cs:61)
        """;

    private static Interleaving Read() => Interleaving.Parse("name", Report, ["sleeper", "opener"], static (file, line) => $"  {file}/{line} // why");

    [Fact]
    public void Steps_of_the_tasks_that_matter_are_kept_up_to_their_end()
    {
        var item = Read();
        Assert.Equal("choices:0001", item.Schedule);
        Assert.StartsWith("sleeper never ended", item.Reason);
        Assert.Equal([1120, 1280, 1460, 1840], item.Steps.Select(step => step.Time));
        Assert.Equal(["SleepOn.cs/34 // why", "WaitQueue.Wake.cs/27 // why", "BrokenWaitTests.cs/109 // why", "Scheduler.Switch.cs/61 // why"], item.Steps.Select(step => step.Source));
        Assert.Equal((1, "opener", "is about to look who is on the queue"), (item.Steps[1].Cpu, item.Steps[1].Task, item.Steps[1].Note));
        Assert.Equal(("interrupt Timer", "why"), (item.Steps[3].Kind, item.Steps[3].Note));
    }

    [Fact]
    public void A_page_is_complete_in_itself_and_no_text_ends_its_script()
    {
        var page = InterleavingPage.Write("title", [Read() with { Name = "</script><b>" }]);
        Assert.DoesNotContain("</script><b>", page);
        Assert.DoesNotContain("://", page);
        Assert.Contains("SleepOn.cs/34", page);
    }

    [Fact]
    public void A_time_line_has_a_lane_for_each_task_and_an_arrow_for_each_wake_up()
    {
        var svg = Timeline.Draw("title", "us", ["a", "b"], [new("a", 0, 10, LaneState.Asleep), new("b", 5, 8, LaneState.InCall)], [new LaneArrow("b", 5, "a", 10)], 1);
        Assert.Null(Jiffy.Cli.Testing.LabSuite.PageProblem(new LabPage("x.svg", svg)));
        Assert.Contains(">a</text>", svg);
        Assert.DoesNotContain("NaN", svg);
    }
}
