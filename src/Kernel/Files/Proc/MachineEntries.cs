// The files of /proc that are about the whole machine. Made at start-up. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;

namespace Jiffy.Kernel.Files.Proc;

internal static class MachineEntries
{
    public static void AddTo(GeneratedNode top)
    {
        AddStatistics(top);
        AddMemory(top);
        AddSystem(top);
        IpcTexts.AddTo(top);
    }

    private static void AddStatistics(GeneratedNode top)
    {
        top.AddText("stat", static text => StatisticsTexts.WriteStat(text));
        top.AddText("uptime", static text => StatisticsTexts.WriteUptime(text));
        top.AddText("loadavg", static text => StatisticsTexts.WriteLoad(text));
        top.AddText("timer_list", static text => TimerTexts.Write(text), mode: 0x100);
        top.AddText("interrupts", static text => InterruptTexts.WriteInterrupts(text));
        top.AddText("softirqs", static text => InterruptTexts.WriteSoftirqs(text));
        top.AddText("workqueues", static text => WorkQueueTexts.Write(text));
        top.AddFile("lock_stat", new TextFile(static text => LockTexts.Write(text), static text => LockTexts.Accept(text)), mode: 0x180);
        top.AddText("cpuinfo", static text => CpuTexts.WriteInformation(text));
    }

    private static void AddMemory(GeneratedNode top)
    {
        top.AddText("meminfo", static text => MemoryTexts.WriteInformation(text));
        top.AddText("vmstat", static text => MemoryTexts.WriteStatistics(text));
        top.AddText("buddyinfo", static text => MemoryTexts.WriteBuddies(text));
        top.AddText("slabinfo", static text => MemoryTexts.WritePools(text), mode: 0x100);
        top.AddText("vmallocinfo", static text => MemoryTexts.WriteAreas(text), mode: 0x100);
        top.AddText("swaps", static text => text.Append("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"u8));
    }

    private static void AddSystem(GeneratedNode top)
    {
        top.AddText("version", static text => SystemTexts.WriteVersion(text));
        top.AddText("cmdline", static text => SystemTexts.WriteCommandLine(text));
        top.AddText("filesystems", static text => SystemTexts.WriteFileSystems(text));
        top.AddText("devices", static text => SystemTexts.WriteDevices(text));
        top.AddText("partitions", static text => text.Append("major minor  #blocks  name\n\n"u8));
        top.AddText("diskstats", static text => { });
        top.AddText("modules", static text => { });
        top.AddText("locks", static text => { });
        top.AddText("cgroups", static text => text.Append("#subsys_name\thierarchy\tnum_cgroups\tenabled\n"u8));
        top.AddFile("kmsg", LogFile.Instance, mode: 0x100);
        top.AddFile("sysrq-trigger", new TextFile(static text => { }, static command => Trigger(command)), mode: 0x80);
    }

    // l: what every CPU does, to the log; c: a panic.
    private static Errno Trigger(ReadOnlySpan<byte> command)
    {
        if (command.Length == 0)
            return Errno.None;
        switch (command[0])
        {
            case (byte)'l':
                LockupWatch.TellAll();
                return Errno.None;
            case (byte)'c':
                Panic.Stop("asked for by sysrq-trigger");
                return Errno.None;
            default:
                return Errno.EINVAL;
        }
    }
}
