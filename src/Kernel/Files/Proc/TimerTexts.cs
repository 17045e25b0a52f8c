// /proc/timer_list: every CPU's clocks, the timers queued on them, its tick and its alarm. Each timer is looked up by itself, so the list may
// miss one that moves meanwhile. Process context. Linux: kernel/time/timer_list.c.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class TimerTexts
{
    private const int MostShown = 1000; // of each tree: looking one up costs as many steps as its place
    private const int Clocks = (int)ClockBase.Count;

    public static void Write(PagedText text)
    {
        var now = TimeKeeper.Monotonic;
        text.Append($"Timer List Version: v0.9\nHRTIMER_MAX_CLOCK_BASES: {2 * Clocks}\nnow at {now} nsecs\n\n");
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            WriteCpu(text, CpuTimer.Of(cpu), now);
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            WriteDevice(text, CpuTimer.Of(cpu));
    }

    private static void WriteCpu(PagedText text, CpuTimer timers, long now)
    {
        text.Append($"cpu: {timers.Index}\n");
        for (var tree = 0; tree < 2 * Clocks; tree++)
            WriteClock(text, timers, tree, now);
        text.Append($"  .expires_next   : {Moment(timers.NextAlarm)} nsecs\n  .hres_active    : 1\n  .nr_events      : {timers.Events}\n");
        text.Append("  .nr_retries     : 0\n  .nr_hangs       : 0\n  .max_hang_time  : 0\n"u8);
        WriteTick(text, timers);
        text.Append($"jiffies: {Jiffies.Now}\n\n");
    }

    private static void WriteClock(PagedText text, CpuTimer timers, int tree, long now)
    {
        var clock = (ClockBase)(tree % Clocks);
        var context = tree < Clocks ? TimerContext.Hardirq : TimerContext.Softirq;
        var offset = TimeKeeper.Scale.OffsetOf(clock);
        text.Append($" clock {tree}:\n  .base:       0000000000000000\n  .index:      {tree}\n  .resolution: 1 nsecs\n");
        text.Append($"  .get_time:   {Reader(clock)}\n  .offset:     {offset} nsecs\nactive timers:\n");
        for (var place = 0; place < MostShown && timers.TryLook(clock, context, place, out var timer); place++)
        {
            text.Append($" #{place}: <0000000000000000>, {timer.Name}, S:01\n # expires at {timer.Deadline}-{timer.Latest} nsecs ");
            text.Append($"[in {timer.Deadline - offset - now} to {timer.Latest - offset - now} nsecs]\n");
        }
    }

    private static string Reader(ClockBase clock) => clock switch
    {
        ClockBase.RealTime => "ktime_get_real",
        ClockBase.BootTime => "ktime_get_boottime",
        ClockBase.Tai => "ktime_get_clocktai",
        _ => "ktime_get",
    };

    private static void WriteTick(PagedText text, CpuTimer timers)
    {
        var isStopped = timers.NextTick == long.MaxValue;
        var lastTick = isStopped ? timers.IdleSince : timers.NextTick - CpuTimer.TickLength;
        text.Append($"  .nohz_mode      : 2\n  .last_tick      : {lastTick} nsecs\n  .tick_stopped   : {(isStopped ? 1 : 0)}\n");
        text.Append($"  .idle_jiffies   : {timers.IdleSince / CpuTimer.TickLength}\n  .idle_calls     : {timers.TimesStopped}\n");
        text.Append($"  .idle_sleeps    : {timers.TimesStopped}\n  .idle_entrytime : {timers.IdleSince} nsecs\n  .idle_waketime  : {timers.IdleUntil} nsecs\n");
        text.Append($"  .idle_exittime  : {timers.IdleUntil} nsecs\n  .idle_sleeptime : {CpuStatistics.Of(timers.Index).Idle} nsecs\n");
        text.Append($"  .iowait_sleeptime: 0 nsecs\n  .last_jiffies   : {timers.IdleSince / CpuTimer.TickLength}\n");
        text.Append($"  .next_timer     : {Moment(timers.NextAlarm)}\n  .idle_expires   : {Moment(timers.NextAlarm)} nsecs\n");
        text.Append($"  .timer_wheel    : {(timers.HasCascadingWheel ? "cascading" : "non-cascading")}, {timers.CoarseTimers} timers\n");
    }

    private static void WriteDevice(PagedText text, CpuTimer timers)
    {
        text.Append($"Tick Device: mode:     1\nPer CPU device: {timers.Index}\nClock Event Device: {Clock.AlarmSource}\n");
        text.Append($" mode:           3\n next_event:     {Moment(timers.NextAlarm)} nsecs\n event_handler:  hrtimer_interrupt\n\n");
    }

    // No alarm at all.
    private static long Moment(long moment) => moment < 0 ? 0 : moment;
}
