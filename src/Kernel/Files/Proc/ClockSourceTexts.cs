// /sys/devices/system/clocksource: where time is read from; the superuser may choose. Process context. Linux: kernel/time/clocksource.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class ClockSourceTexts
{
    /// <summary>Adds the directory to that of the system. At start-up.</summary>
    public static void AddTo(GeneratedNode system)
    {
        var sources = system.AddDirectory("clocksource").AddDirectory("clocksource0");
        sources.AddText("available_clocksource", static text => WriteAll(text));
        sources.AddSetting("current_clocksource", static text => text.Append($"{Clock.SourceName(Clock.CurrentSource)}\n"), static name => Use(name));
        var events = system.AddDirectory("clockevents");
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            events.AddDirectory("clockevent", cpu).AddText("current_device", static text => text.Append($"{Clock.AlarmSource}\n"));
    }

    private static void WriteAll(PagedText text)
    {
        for (var i = 0; i < Clock.SourceCount; i++)
            text.Append($"{Clock.SourceName(i)} ");
        text.AppendByte((byte)'\n');
    }

    // EINVAL: there is none of that name.
    private static Errno Use(ReadOnlySpan<byte> name)
    {
        name = TextParsing.Line(name);
        for (var i = 0; i < Clock.SourceCount; i++)
        {
            if (!TextParsing.IsSame(Clock.SourceName(i), name))
                continue;
            TimeKeeper.UseSource(i);
            return Errno.None;
        }

        return Errno.EINVAL;
    }
}
