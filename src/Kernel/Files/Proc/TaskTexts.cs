// The small files of a task's directory: its arguments and environment as they lie in its memory, name, scheduling, scores.
// Process context; may sleep. Linux: fs/proc/base.c. man 5 proc.
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskTexts
{
    private const int LowestScore = -1000, HighestScore = 1000;

    /// <summary>
    /// The arguments, a NUL behind each. A program that has overwritten the last NUL has a longer text there, which goes on into what was
    /// its environment.
    /// </summary>
    public static Errno WriteArguments(TaskHandle task, PagedText text)
    {
        var error = task.TakeMemory(out var memory);
        if (memory is null)
            return error;
        CopyText(memory, memory.ArgumentsStart, memory.ArgumentsEnd, text, out var last);
        if (last != 0 && memory.EnvironmentStart == memory.ArgumentsEnd)
            CopyToNul(memory, memory.EnvironmentStart, memory.EnvironmentEnd, text);
        memory.Drop();
        return Errno.None;
    }

    public static Errno WriteEnvironment(TaskHandle task, PagedText text)
    {
        var error = task.CheckInspect();
        if (error != Errno.None)
            return error;
        error = task.TakeMemory(out var memory);
        if (memory is null)
            return error;
        CopyText(memory, memory.EnvironmentStart, memory.EnvironmentEnd, text, out _);
        memory.Drop();
        return Errno.None;
    }

    public static Errno WriteAuxiliaryVector(TaskHandle task, PagedText text)
    {
        var error = task.CheckInspect();
        if (error != Errno.None)
            return error;
        error = task.TakeMemory(out var memory);
        if (memory is null)
            return error;
        var words = Math.Min(memory.AuxiliaryLength, memory.AuxiliaryVector.Length);
        text.Append(MemoryMarshal.AsBytes(memory.AuxiliaryVector.AsSpan(0, words)));
        memory.Drop();
        return Errno.None;
    }

    public static Errno WriteName(TaskHandle task, PagedText text)
    {
        var name = default(ShownName);
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            name.Take(found);
        }

        text.Append(name.Text);
        text.AppendByte((byte)'\n');
        return Errno.None;
    }

    /// <summary>A thread's name may be set by the threads of its own process. EINVAL: by others.</summary>
    public static Errno SetName(TaskHandle task, ReadOnlySpan<byte> name)
    {
        var end = name.IndexOf((byte)'\n');
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            if (found.Group != Task.Current.Group)
                return Errno.EINVAL;
            found.SetName(end < 0 ? name : name.Slice(0, end));
            return Errno.None;
        }
    }

    /// <summary>How likely the process is to be ended when memory runs out: its part of memory in thousandths, and what it was set to.</summary>
    public static Errno WriteOutOfMemoryScore(TaskHandle task, PagedText text)
    {
        if (!TaskSnapshot.TryTake(task, out var of))
            return Errno.ESRCH;
        var score = (of.Memory?.ResidentPages ?? 0) * 1000 / Math.Max(1, FrameAllocator.TotalFrames) + AdjustmentOf(task);
        of.Release();
        text.Append($"{Math.Clamp(score, 0, 2 * HighestScore)}\n");
        return Errno.None;
    }

    public static Errno WriteOutOfMemoryAdjustment(TaskHandle task, PagedText text)
    {
        if (!task.IsAlive)
            return Errno.ESRCH;
        text.Append($"{AdjustmentOf(task)}\n");
        return Errno.None;
    }

    /// <summary>Lowering it needs the superuser. EACCES, EINVAL.</summary>
    public static Errno SetOutOfMemoryAdjustment(TaskHandle task, ReadOnlySpan<byte> text)
    {
        var parsed = TextParsing.Number(text, LowestScore, HighestScore);
        if (!parsed.TryGet(out var value))
            return parsed.Error;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            if (value < found.Group.OutOfMemoryAdjustment && !Permission.Has(Capability.CAP_SYS_RESOURCE))
                return Errno.EACCES;
            found.Group.OutOfMemoryAdjustment = value;
            return Errno.None;
        }
    }

    public static Errno WriteFailure(TaskHandle task, PagedText text)
    {
        int left;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            left = FaultInjection.LeftOf(found);
        }

        text.Append($"{left}\n");
        return Errno.None;
    }

    /// <summary>Makes a later request of the task for memory fail. EPERM: not the superuser; EINVAL.</summary>
    public static Errno SetFailure(TaskHandle task, ReadOnlySpan<byte> text)
    {
        if (!Permission.Has(Capability.CAP_SYS_RESOURCE))
            return Errno.EPERM;
        var parsed = TextParsing.Number(text, 0, int.MaxValue);
        if (!parsed.TryGet(out var value))
            return parsed.Error;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            FaultInjection.Arm(found, value);
            return Errno.None;
        }
    }

    /// <summary>Where it sleeps is not kept: always "0", as Linux shows to those who may not know.</summary>
    public static Errno WriteWaitChannel(TaskHandle task, PagedText text)
    {
        if (!task.IsAlive)
            return Errno.ESRCH;
        text.AppendByte((byte)'0');
        return Errno.None;
    }

    /// <summary>EPERM for another's, but for the superuser.</summary>
    public static Errno WriteTimerSlack(TaskHandle task, PagedText text)
    {
        long slack;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            if (found != Task.Current && !Permission.Has(Capability.CAP_SYS_NICE))
                return Errno.EPERM;
            slack = found.TimerSlack;
        }

        text.Append($"{slack}\n");
        return Errno.None;
    }

    /// <summary>Nanoseconds up to two seconds; zero: what the task began with.</summary>
    public static Errno SetTimerSlack(TaskHandle task, ReadOnlySpan<byte> text)
    {
        var parsed = TextParsing.Number(text, 0, int.MaxValue);
        if (!parsed.TryGet(out var value))
            return parsed.Error;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            if (found != Task.Current && !Permission.Has(Capability.CAP_SYS_NICE))
                return Errno.EPERM;
            found.TimerSlack = value == 0 ? found.DefaultTimerSlack : value;
            return Errno.None;
        }
    }

    public static Errno WritePersonality(TaskHandle task, PagedText text)
    {
        if (!task.IsAlive)
            return Errno.ESRCH;
        text.Append("00000000\n"u8);
        return Errno.None;
    }

    public static Errno WriteScheduling(TaskHandle task, PagedText text)
    {
        if (!TaskSnapshot.TryTake(task, out var of))
            return Errno.ESRCH;
        TaskStat.WriteName(of.Name, text);
        text.Append($" ({of.Id}, #threads: {of.Threads})\n-------------------------------------------------------------------\n");
        text.Append($"{"se.sum_exec_runtime",-45}:{of.RunTime / 1_000_000,14}.{of.RunTime % 1_000_000:d6}\n");
        text.Append($"{"nr_switches",-45}:{of.Usage.VoluntarySwitches + of.Usage.InvoluntarySwitches,21}\n");
        text.Append($"{"nr_voluntary_switches",-45}:{of.Usage.VoluntarySwitches,21}\n");
        text.Append($"{"nr_involuntary_switches",-45}:{of.Usage.InvoluntarySwitches,21}\n");
        text.Append($"{"policy",-45}:{of.Policy,21}\n{"prio",-45}:{of.EffectivePriority,21}\n");
        of.Release();
        return Errno.None;
    }

    /// <summary>Nanoseconds on a CPU, nanoseconds waiting for one (not measured), times it got one.</summary>
    public static Errno WriteSchedulingStatistics(TaskHandle task, PagedText text)
    {
        if (!TaskSnapshot.TryTake(task, out var of))
            return Errno.ESRCH;
        text.Append($"{of.RunTime} 0 {of.Usage.VoluntarySwitches + of.Usage.InvoluntarySwitches}\n");
        of.Release();
        return Errno.None;
    }

    private static int AdjustmentOf(TaskHandle task)
    {
        using (TaskTree.Lock.Acquire())
            return task.Find()?.Group.OutOfMemoryAdjustment ?? 0;
    }

    // What can be read of [start, end); its last byte.
    private static void CopyText(AddressSpace memory, ulong start, ulong end, PagedText text, out byte last)
    {
        Span<byte> part = stackalloc byte[256];
        last = 0;
        while (start < end)
        {
            var count = (int)Math.Min(end - start, (ulong)part.Length);
            if (memory.ReadRemote(start, part.Slice(0, count)) != Errno.None)
                return;
            text.Append(part.Slice(0, count));
            last = part[count - 1];
            start += (ulong)count;
        }
    }

    private static void CopyToNul(AddressSpace memory, ulong start, ulong end, PagedText text)
    {
        Span<byte> part = stackalloc byte[256];
        while (start < end)
        {
            var count = (int)Math.Min(end - start, (ulong)part.Length);
            if (memory.ReadRemote(start, part.Slice(0, count)) != Errno.None)
                return;
            var nul = part.Slice(0, count).IndexOf((byte)0);
            text.Append(part.Slice(0, nul < 0 ? count : nul + 1));
            if (nul >= 0)
                return;
            start += (ulong)count;
        }
    }
}
