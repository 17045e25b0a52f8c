// /proc/PID/status: what stat and statm tell, and more, with names. Process context; may sleep. Linux: proc_pid_status().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskStatus
{
    public static Errno Write(TaskHandle task, PagedText text)
    {
        if (!TaskSnapshot.TryTake(task, out var of))
            return Errno.ESRCH;
        WriteIdentity(of, text);
        WriteCredentials(of, text);
        if (of.Memory is { } memory)
            WriteMemory(memory, text);
        WriteSignals(of, text);
        WriteCapabilities(of, text);
        WriteScheduling(of, text);
        of.Release();
        return Errno.None;
    }

    internal static string NameOf(char state) => state switch
    {
        'R' => "R (running)",
        'S' => "S (sleeping)",
        'D' => "D (disk sleep)",
        'I' => "I (idle)",
        'T' => "T (stopped)",
        't' => "t (tracing stop)",
        'Z' => "Z (zombie)",
        _ => "P (parked)",
    };

    private static void WriteIdentity(in TaskSnapshot of, PagedText text)
    {
        text.Append("Name:\t"u8);
        TaskStat.WriteName(of.Name, text);
        if (of.Context is { } context)
            text.Append($"\nUmask:\t0{context.Mask:o3}");
        text.Append($"\nState:\t{NameOf(of.State)}\nTgid:\t{of.ProcessId}\nNgid:\t0\nPid:\t{of.Id}\nPPid:\t{of.ParentId}\nTracerPid:\t0\n");
    }

    private static void WriteCredentials(in TaskSnapshot of, PagedText text)
    {
        ref readonly var who = ref of.Credentials;
        text.Append($"Uid:\t{who.UserId}\t{who.EffectiveUserId}\t{who.SavedUserId}\t{who.FileUserId}\n");
        text.Append($"Gid:\t{who.GroupId}\t{who.EffectiveGroupId}\t{who.SavedGroupId}\t{who.FileGroupId}\n");
        text.Append($"FDSize:\t{(of.Files is null ? 0 : FileTable.Capacity)}\nGroups:\t");
        for (var i = 0; i < who.GroupCount; i++)
            text.Append($"{who.Groups[i]} ");
        text.Append($"\nNStgid:\t{of.ProcessId}\nNSpid:\t{of.Id}\nNSpgid:\t{of.GroupId}\nNSsid:\t{of.SessionId}\n");
    }

    private static void WriteMemory(AddressSpace memory, PagedText text)
    {
        var program = TaskStat.ProgramPages(memory);
        WritePages(text, "VmPeak:\t", memory.PeakTotalPages);
        WritePages(text, "VmSize:\t", memory.TotalPages);
        WritePages(text, "VmLck:\t", memory.LockedPages);
        WritePages(text, "VmPin:\t", 0);
        WritePages(text, "VmHWM:\t", memory.PeakResidentPages);
        WritePages(text, "VmRSS:\t", memory.ResidentPages);
        WritePages(text, "RssAnon:\t", memory.AnonymousPages);
        WritePages(text, "RssFile:\t", memory.FilePages);
        WritePages(text, "RssShmem:\t", memory.SharedAnonymousPages);
        WritePages(text, "VmData:\t", memory.DataPages);
        WritePages(text, "VmStk:\t", memory.StackPages);
        WritePages(text, "VmExe:\t", program);
        WritePages(text, "VmLib:\t", memory.CodePages > program ? memory.CodePages - program : 0);
        WritePages(text, "VmPTE:\t", memory.PageTableBytes() >> Frames.Shift);
        WritePages(text, "VmSwap:\t", 0);
        text.Append("HugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t0\n"u8);
    }

    private static void WritePages(PagedText text, string name, long pages) =>
        text.Append($"{name}{pages << Frames.Shift - 10,8} kB\n");

    private static void WriteSignals(in TaskSnapshot of, PagedText text)
    {
        text.Append($"Threads:\t{of.Threads}\nSigQ:\t{of.QueuedSignals}/{of.MaxPendingSignals}\n");
        text.Append($"SigPnd:\t{of.Pending.Bits:x16}\nShdPnd:\t{of.SharedPending.Bits:x16}\nSigBlk:\t{of.Blocked.Bits:x16}\n");
        text.Append($"SigIgn:\t{of.Ignored.Bits:x16}\nSigCgt:\t{of.Caught.Bits:x16}\n");
    }

    private static void WriteCapabilities(in TaskSnapshot of, PagedText text)
    {
        ref readonly var its = ref of.Credentials.Capabilities;
        text.Append($"CapInh:\t{its.Inheritable:x16}\nCapPrm:\t{its.Permitted:x16}\nCapEff:\t{its.Effective:x16}\nCapBnd:\t{its.Bounding:x16}\nCapAmb:\t{its.Ambient:x16}\n");
        text.Append($"NoNewPrivs:\t{(of.HasNoNewPrivileges ? 1 : 0)}\nSeccomp:\t0\nSeccomp_filters:\t0\n");
    }

    private static void WriteScheduling(in TaskSnapshot of, PagedText text)
    {
        var allowed = of.Affinity.And(CpuSet.FirstN(Cpu.Count));
        text.Append($"Cpus_allowed:\t{allowed.Bits:x}\nCpus_allowed_list:\t");
        CpuTexts.WriteList(allowed, text);
        text.Append("\nMems_allowed:\t1\nMems_allowed_list:\t0\n"u8);
        text.Append($"voluntary_ctxt_switches:\t{of.Usage.VoluntarySwitches}\nnonvoluntary_ctxt_switches:\t{of.Usage.InvoluntarySwitches}\n");
    }
}
