// /proc/PID/stat and statm: numbers on one line, by place. Times in hundredths of a second, sizes as man 5 proc says field by field.
// Process context; may sleep. Linux: fs/proc/array.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskStat
{
    /// <summary>Nanoseconds of a unit in which /proc shows times: USER_HZ is 100.</summary>
    public const long ClockTick = 10_000_000;

    public static Errno WriteStat(TaskHandle task, PagedText text)
    {
        if (!TaskSnapshot.TryTake(task, out var of))
            return Errno.ESRCH;
        text.Append($"{of.Id} (");
        WriteName(of.Name, text);
        text.Append($") {of.State} {of.ParentId} {of.GroupId} {of.SessionId} {of.Terminal} {of.ForegroundId} {of.Flags}");
        WriteTimes(of, text);
        WriteMemory(of, text, task.CheckInspect() == Errno.None);
        WriteSignals(of, text);
        WriteRest(of, text, task.CheckInspect() == Errno.None);
        of.Release();
        return Errno.None;
    }

    /// <summary>statm: pages mapped, present, present from files, of code, 0, of data and stack, 0.</summary>
    public static Errno WriteSizes(TaskHandle task, PagedText text)
    {
        var error = task.TakeMemory(out var memory);
        if (error != Errno.None)
            return error;
        if (memory is null)
        {
            text.Append("0 0 0 0 0 0 0\n"u8);
            return Errno.None;
        }

        var shared = memory.FilePages + memory.SharedAnonymousPages;
        text.Append($"{memory.TotalPages} {memory.ResidentPages} {shared} {ProgramPages(memory)} 0 {memory.DataPages + memory.StackPages} 0\n");
        memory.Drop();
        return Errno.None;
    }

    /// <summary>Pages of the program's own code.</summary>
    internal static long ProgramPages(AddressSpace memory) =>
        (long)(((memory.CodeEnd + Frames.Size - 1) >> Frames.Shift) - (memory.CodeStart >> Frames.Shift));

    /// <summary>A name with line ends and backslashes shown as "\n" and "\\", so that it stays in one line.</summary>
    internal static void WriteName(ReadOnlySpan<byte> name, PagedText text)
    {
        foreach (var letter in name)
        {
            if (letter == 0)
                break;
            if (letter == '\n')
                text.Append("\\n"u8);
            else if (letter == '\\')
                text.Append("\\\\"u8);
            else
                text.AppendByte(letter);
        }
    }

    // Fields 10 to 22.
    private static void WriteTimes(in TaskSnapshot of, PagedText text)
    {
        text.Append($" {of.Usage.MinorFaults} {of.ChildUsage.MinorFaults} {of.Usage.MajorFaults} {of.ChildUsage.MajorFaults}");
        text.Append($" {of.Usage.UserTime / ClockTick} {of.Usage.SystemTime / ClockTick}");
        text.Append($" {of.ChildUsage.UserTime / ClockTick} {of.ChildUsage.SystemTime / ClockTick}");
        var priority = of.EffectivePriority - Priorities.FirstFair;
        text.Append($" {priority} {of.Nice} {of.Threads} 0 {of.StartTime / ClockTick}");
    }

    // Fields 23 to 30. Addresses are shown only to those who may look into the task.
    private static void WriteMemory(in TaskSnapshot of, PagedText text, bool mayInspect)
    {
        if (of.Memory is not { } memory)
        {
            text.Append($" 0 0 {of.MaxResident} 0 0 0 0 0");
            return;
        }

        text.Append($" {memory.TotalPages << Frames.Shift} {memory.ResidentPages} {of.MaxResident}");
        if (mayInspect)
            text.Append($" {memory.CodeStart} {memory.CodeEnd} {memory.StackTop} 0 0");
        else
            text.Append(" 1 1 0 0 0"u8);
    }

    // Fields 31 to 34: the first 31 signals, as they were before there were more.
    private static void WriteSignals(in TaskSnapshot of, PagedText text)
    {
        const ulong mask = 0x7fffffff;
        text.Append($" {of.Pending.Bits & mask} {of.Blocked.Bits & mask} {of.Ignored.Bits & mask} {of.Caught.Bits & mask}");
    }

    // Fields 35 to 52.
    private static void WriteRest(in TaskSnapshot of, PagedText text, bool mayInspect)
    {
        text.Append($" 0 0 0 {of.ExitSignal} {of.Cpu} {of.RealTimePriority} {of.Policy} 0 0 0");
        if (of.Memory is { } memory && mayInspect)
        {
            text.Append($" {memory.DataStart} {memory.DataEnd} {memory.BreakStart} {memory.ArgumentsStart} {memory.ArgumentsEnd}");
            text.Append($" {memory.EnvironmentStart} {memory.EnvironmentEnd}");
        }
        else
        {
            text.Append(" 0 0 0 0 0 0 0"u8);
        }

        text.Append($" {(mayInspect ? of.ExitStatus : 0)}\n");
    }
}
