// /proc/sys: what the kernel can be told, and limits it shows. Made at start-up. Process context.
// Writing is the superuser's, by the files' permissions. Linux: kernel/sysctl.c. man 5 proc.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class Settings
{
    private const int HighestCapability = 40;
    private const int DefaultMessageLevel = 4, MinimumConsoleLevel = 1, DefaultConsoleLevel = 7;

    private static ulong s_bootIdHigh, s_bootIdLow;

    public static void AddTo(GeneratedNode sys)
    {
        s_bootIdHigh = Entropy.Next();
        s_bootIdLow = Entropy.Next();
        var kernel = sys.AddDirectory("kernel");
        AddNames(kernel);
        AddLimits(kernel);
        AddSwitches(kernel);
        IpcSettings.AddTo(kernel);
        SoftirqCpusFile.AddTo(kernel);
        AddRandom(kernel.AddDirectory("random"));
        AddMemory(sys.AddDirectory("vm"));
        var files = sys.AddDirectory("fs");
        AddFiles(files);
        IpcSettings.AddQueues(files.AddDirectory("mqueue"));
    }

    private static void AddNames(GeneratedNode kernel)
    {
        kernel.AddText("ostype", static text => text.Append($"{SystemNames.System}\n"));
        kernel.AddText("osrelease", static text => text.Append($"{SystemNames.Release}\n"));
        kernel.AddText("version", static text => text.Append($"{SystemNames.Version}\n"));
        kernel.AddText("arch", static text => text.Append($"{SystemNames.Machine}\n"));
        kernel.AddSetting("hostname", static text => WriteName(text, SystemNames.Host), static name =>
        {
            SystemNames.SetHost(TextParsing.Line(name));
            return Errno.None;
        });
        kernel.AddSetting("domainname", static text => WriteName(text, SystemNames.Domain), static name =>
        {
            SystemNames.SetDomain(TextParsing.Line(name));
            return Errno.None;
        });
    }

    private static void AddLimits(GeneratedNode kernel)
    {
        kernel.AddText("pid_max", static text => WriteNumber(text, TaskTree.PidMax));
        kernel.AddText("threads-max", static text => WriteNumber(text, TaskTree.MaxThreads));
        kernel.AddText("ngroups_max", static text => WriteNumber(text, GroupList.Capacity));
        kernel.AddText("cap_last_cap", static text => WriteNumber(text, HighestCapability));
    }

    private static void AddSwitches(GeneratedNode kernel)
    {
        kernel.AddSetting("printk", static text => WriteLogLevels(text), static text => SetLogLevels(text));
        kernel.AddSetting("panic_on_oops", static text => WriteNumber(text, FaultReport.PanicOnFault ? 1 : 0), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var value))
                FaultReport.PanicOnFault = value != 0;
            return parsed.Error;
        });
        kernel.AddSetting("max_lock_depth", static text => WriteNumber(text, PriorityChain.MaxDepth), static text =>
        {
            var parsed = TextParsing.Number(text, 1, int.MaxValue);
            if (parsed.TryGet(out var value))
                PriorityChain.MaxDepth = value;
            return parsed.Error;
        });
        kernel.AddSetting("lock_stat", static text => WriteNumber(text, LockStatistics.IsOn ? 1 : 0), static text =>
        {
            var parsed = TextParsing.Number(text, 0, 1);
            if (parsed.TryGet(out var value))
                LockStatistics.IsOn = value != 0;
            return parsed.Error;
        });
        kernel.AddSetting("exit_status", static text => WriteNumber(text, PowerOffStatus.Value), static text =>
        {
            var parsed = TextParsing.Number(text, 0, 255);
            if (parsed.TryGet(out var value))
                PowerOffStatus.Value = value;
            return parsed.Error;
        });
    }

    private static void AddRandom(GeneratedNode random)
    {
        random.AddText("boot_id", static text => WriteUniqueId(text, s_bootIdHigh, s_bootIdLow));
        random.AddText("uuid", static text => WriteUniqueId(text, Entropy.Next(), Entropy.Next()));
        random.AddText("entropy_avail", static text => WriteNumber(text, 256));
        random.AddText("poolsize", static text => WriteNumber(text, 256));
    }

    private static void AddMemory(GeneratedNode memory)
    {
        memory.AddText("overcommit_memory", static text => WriteNumber(text, 0));
        memory.AddText("max_map_count", static text => WriteNumber(text, MemoryLayout.MaxAreas));
        memory.AddText("swappiness", static text => WriteNumber(text, 0));
    }

    private static void AddFiles(GeneratedNode files)
    {
        files.AddText("file-max", static text => WriteNumber(text, OpenFile.Pool.Limit));
        files.AddText("file-nr", static text => text.Append($"{OpenFile.Pool.Used}\t0\t{OpenFile.Pool.Limit}\n"));
        files.AddText("nr_open", static text => WriteNumber(text, FileTable.Capacity));
        files.AddText("inode-nr", static text => text.Append($"{Inode.Pool.Made}\t{Inode.Pool.Made - Inode.Pool.Used}\n"));
        AddPipes(files);
        AddWatches(files.AddDirectory("epoll"));
        AddNotify(files.AddDirectory("inotify"));
    }

    private static void AddPipes(GeneratedNode files)
    {
        files.AddSetting("pipe-max-size", static text => WriteNumber(text, PipeLimits.MaxBytes), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (!parsed.TryGet(out var bytes))
                return parsed.Error;
            return PipeLimits.TrySetMaxBytes(bytes) ? Errno.None : Errno.EINVAL;
        });
        files.AddSetting("pipe-user-pages-soft", static text => WriteNumber(text, PipeLimits.SoftPages), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var pages))
                PipeLimits.SoftPages = pages;
            return parsed.Error;
        });
        files.AddSetting("pipe-user-pages-hard", static text => WriteNumber(text, PipeLimits.HardPages), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var pages))
                PipeLimits.HardPages = pages;
            return parsed.Error;
        });
    }

    private static void AddWatches(GeneratedNode epoll)
    {
        epoll.AddSetting("max_user_watches", static text => WriteNumber(text, Epoll.MaxWatches), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var value))
                Epoll.MaxWatches = value;
            return parsed.Error;
        });
    }

    private static void AddNotify(GeneratedNode notify)
    {
        notify.AddSetting("max_user_instances", static text => WriteNumber(text, FileNotify.MaxQueues), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var value))
                FileNotify.MaxQueues = value;
            return parsed.Error;
        });
        notify.AddSetting("max_user_watches", static text => WriteNumber(text, FileNotify.MaxWatches), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var value))
                FileNotify.MaxWatches = value;
            return parsed.Error;
        });
        notify.AddSetting("max_queued_events", static text => WriteNumber(text, FileNotify.MaxEvents), static text =>
        {
            var parsed = TextParsing.Number(text, 0, int.MaxValue);
            if (parsed.TryGet(out var value))
                FileNotify.MaxEvents = value;
            return parsed.Error;
        });
    }

    private static void WriteNumber(PagedText text, long value) => text.Append($"{value}\n");

    private static void WriteName(PagedText text, SystemName name)
    {
        ReadOnlySpan<byte> all = name;
        var length = all.IndexOf((byte)0);
        text.Append($"{(length < 0 ? all : all.Slice(0, length))}\n");
    }

    private static void WriteLogLevels(PagedText text) =>
        text.Append($"{KernelLog.ConsoleLevel}\t{DefaultMessageLevel}\t{MinimumConsoleLevel}\t{DefaultConsoleLevel}\n");

    // Up to four numbers; the first is the console's level, the others are constants here.
    private static Errno SetLogLevels(ReadOnlySpan<byte> text)
    {
        text = TextParsing.Line(text);
        var end = text.IndexOfAny((byte)' ', (byte)'\t');
        var parsed = TextParsing.Number(end < 0 ? text : text.Slice(0, end), 0, 15);
        if (parsed.TryGet(out var level))
            KernelLog.ConsoleLevel = level;
        return parsed.Error;
    }

    // A random UUID, version 4 and variant 1 set as RFC 4122 says.
    private static void WriteUniqueId(PagedText text, ulong high, ulong low)
    {
        high = high & ~0xf000UL | 0x4000;
        low = low & ~(3UL << 62) | 2UL << 62;
        text.Append($"{high >> 32:x8}-{high >> 16 & 0xffff:x4}-{high & 0xffff:x4}-{low >> 48:x4}-{low & 0xffffffffffff:x12}\n");
    }
}
