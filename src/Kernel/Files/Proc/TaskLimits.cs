// /proc/PID/limits: soft and hard limit of each resource. Process context. Linux: proc_pid_limits(). man 2 getrlimit.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskLimits
{
    public static Errno Write(TaskHandle task, PagedText text)
    {
        ResourceLimits limits;
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { } found)
                return Errno.ESRCH;
            limits = found.Group.Limits;
        }

        text.Append($"{"Limit",-25} {"Soft Limit",-20} {"Hard Limit",-20} {"Units",-10}\n");
        for (var i = 0; i < (int)Resource.Count; i++)
        {
            text.Append($"{NameOf((Resource)i),-25} ");
            WriteValue(limits[i].Soft, text);
            WriteValue(limits[i].Hard, text);
            text.Append($"{UnitOf((Resource)i),-10}\n");
        }

        return Errno.None;
    }

    private static void WriteValue(ulong value, PagedText text)
    {
        if (value == ResourceLimit.Infinity)
            text.Append($"{"unlimited",-20} ");
        else
            text.Append($"{value,-20} ");
    }

    private static string NameOf(Resource resource) => resource switch
    {
        Resource.CPU => "Max cpu time",
        Resource.FSIZE => "Max file size",
        Resource.DATA => "Max data size",
        Resource.STACK => "Max stack size",
        Resource.CORE => "Max core file size",
        Resource.RSS => "Max resident set",
        Resource.NPROC => "Max processes",
        Resource.NOFILE => "Max open files",
        Resource.MEMLOCK => "Max locked memory",
        Resource.AS => "Max address space",
        Resource.LOCKS => "Max file locks",
        Resource.SIGPENDING => "Max pending signals",
        Resource.MSGQUEUE => "Max msgqueue size",
        Resource.NICE => "Max nice priority",
        Resource.RTPRIO => "Max realtime priority",
        _ => "Max realtime timeout",
    };

    private static string UnitOf(Resource resource) => resource switch
    {
        Resource.CPU => "seconds",
        Resource.NPROC => "processes",
        Resource.NOFILE => "files",
        Resource.LOCKS => "locks",
        Resource.SIGPENDING => "signals",
        Resource.NICE or Resource.RTPRIO => "",
        Resource.RTTIME => "us",
        _ => "bytes",
    };
}
