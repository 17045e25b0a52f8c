// The table of what is in a task's directory. Made at start-up; the place in the table is the file's slot. Linux: tgid_base_stuff,
// tid_base_stuff. man 5 proc.
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

/// <summary>One file of a task's directory.</summary>
internal sealed class TaskEntry
{
    public TaskEntry(string name, uint mode, InodeOperations names, FileOperations files, bool isOfThreads)
    {
        Name = name;
        Mode = mode;
        Names = names;
        Files = files;
        IsOfThreads = isOfThreads;
    }

    public string Name { get; }
    public uint Mode { get; }
    public InodeOperations Names { get; }
    public FileOperations Files { get; }

    /// <summary>Is in the directories of single threads, too.</summary>
    public bool IsOfThreads { get; }
}

internal static class TaskEntries
{
    private const int Capacity = 48;

    private static TaskEntry[] s_entries = null!;

    /// <summary>How many there are; their slots are 1 up to this.</summary>
    public static int Count { get; private set; }

    public static void Init()
    {
        s_entries = new TaskEntry[Capacity];
        Count = 0;
        AddDirectory("task", 0x16d, ThreadListNames.Instance, ThreadListDirectory.Instance, isOfThreads: false);
        AddDirectory("fd", 0x140, DescriptorNames.Instance, DescriptorDirectory.Instance, isOfThreads: true);
        AddDirectory("fdinfo", 0x140, DescriptorNames.Instance, DescriptorDirectory.Instance, isOfThreads: true);
        AddLink("exe", TaskLink.Executable);
        AddLink("cwd", TaskLink.Current);
        AddLink("root", TaskLink.Root);
        AddTexts();
    }

    /// <summary>The entry of a slot.</summary>
    public static TaskEntry At(int slot) => s_entries[slot - 1];

    /// <summary>The slot of a name in a task's directory; zero: there is none.</summary>
    public static int Find(ReadOnlySpan<byte> name, bool isThread)
    {
        for (var slot = 1; slot <= Count; slot++)
        {
            var entry = At(slot);
            if ((!isThread || entry.IsOfThreads) && TextParsing.IsSame(entry.Name, name))
                return slot;
        }

        return 0;
    }

    private static void AddTexts()
    {
        AddText("stat", static (task, text) => TaskStat.WriteStat(task, text));
        AddText("status", static (task, text) => TaskStatus.Write(task, text));
        AddText("statm", static (task, text) => TaskStat.WriteSizes(task, text));
        AddText("cmdline", static (task, text) => TaskTexts.WriteArguments(task, text));
        AddText("comm", static (task, text) => TaskTexts.WriteName(task, text), static (task, name) => TaskTexts.SetName(task, name));
        AddText("maps", static (task, text) => TaskMaps.Write(task, text, withPages: false));
        AddText("smaps", static (task, text) => TaskMaps.Write(task, text, withPages: true));
        AddText("environ", static (task, text) => TaskTexts.WriteEnvironment(task, text), mode: 0x100);
        AddText("auxv", static (task, text) => TaskTexts.WriteAuxiliaryVector(task, text), mode: 0x100);
        AddText("limits", static (task, text) => TaskLimits.Write(task, text));
        AddText("mounts", static (task, text) => MountTexts.WriteMounts(task, text));
        AddText("mountinfo", static (task, text) => MountTexts.WriteInformation(task, text));
        AddText("oom_score", static (task, text) => TaskTexts.WriteOutOfMemoryScore(task, text));
        AddText(
            "oom_score_adj", static (task, text) => TaskTexts.WriteOutOfMemoryAdjustment(task, text),
            static (task, text) => TaskTexts.SetOutOfMemoryAdjustment(task, text));
        AddText(
            "fail-nth", static (task, text) => TaskTexts.WriteFailure(task, text), static (task, text) => TaskTexts.SetFailure(task, text), mode: 0x180);
        AddText(
            "timerslack_ns", static (task, text) => TaskTexts.WriteTimerSlack(task, text), static (task, text) => TaskTexts.SetTimerSlack(task, text), mode: 0x1b6);
        AddText("wchan", static (task, text) => TaskTexts.WriteWaitChannel(task, text));
        AddText("sched", static (task, text) => TaskTexts.WriteScheduling(task, text));
        AddText("schedstat", static (task, text) => TaskTexts.WriteSchedulingStatistics(task, text));
        AddText("timers", static (task, text) => TaskTimers.Write(task, text));
        AddText("cgroup", static (task, text) => task.IsAlive ? Errno.None : Errno.ESRCH);
        AddText("personality", static (task, text) => TaskTexts.WritePersonality(task, text), mode: 0x100);
    }

    private static void AddDirectory(string name, uint mode, InodeOperations names, FileOperations files, bool isOfThreads) =>
        Add(new TaskEntry(name, S_IFDIR | mode, names, files, isOfThreads));

    private static void AddLink(string name, TaskLink kind) =>
        Add(new TaskEntry(name, S_IFLNK | 0x1ff, TaskLinkNames.Instance, NoDeviceOperations.Instance, isOfThreads: true));

    private static void AddText(
        string name, Func<TaskHandle, PagedText, Errno> write, Func<TaskHandle, ReadOnlySpan<byte>, Errno>? accept = null, uint mode = 0x124)
    {
        if (accept is not null)
            mode |= 0x80;
        Add(new TaskEntry(name, S_IFREG | mode, TaskFileNames.Instance, new TaskFile(write, accept), isOfThreads: true));
    }

    private static void Add(TaskEntry entry) => s_entries[Count++] = entry;
}
