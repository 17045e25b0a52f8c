// The first process: begins as a kernel thread that brings up what needs a process (threads, root file system), then
// becomes the program /init. Context: process. Linux: kernel_init(), run_init_process().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Tasks.Exec;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

internal static class FirstProcess
{
    /// <summary>Makes the task; it waits for its first wake-up.</summary>
    public static Result<Task> Create()
    {
        var result = KernelThread.CreateFromBoot("init"u8, static _ => Run());
        if (!result.TryGet(out var task))
            return result.Error;
        using (TaskTree.Lock.Acquire())
        {
            TaskTree.Init = task.Group;
            task.Group.Limits = ResourceLimits.ForInit(TaskTree.MaxThreads);
            task.Group.ExitSignal = SignalNumber.SIGCHLD;
        }

        return task;
    }

    private static int Run()
    {
        StartUp.StartThreads();
        BootLog.TellProcessors();
        var error = RootFileSystem.Unpack(BootInfo.Ramdisk);
        if (error != Errno.None)
            Panic.Stop("The initial ramdisk is not readable", (long)error);
        var gone = BootInfo.ReleaseRamdisk();
        FrameAllocator.Add(gone);
        KernelLog.Write(LogLevel.Info, $"initial ramdisk: {(long)gone.Count * Frames.Size / 1024}K of memory given back");
        error = BecomeUserProcess();
        if (error == Errno.None)
            error = RunProgram();
        if (error == Errno.None)
            return 0;
        Panic.Stop("No working init found", (long)error);
        return 0;
    }

    /// <summary>Takes what user processes have and kernel threads lack: files on the console, signal actions, a session.</summary>
    private static Errno BecomeUserProcess()
    {
        var current = Task.Current;
        var handlers = SignalHandlers.Create(null, onlyIgnored: false);
        var files = FileTable.Create();
        var context = FileContext.Create();
        if (handlers is null || !files.IsOk || !context.IsOk)
            return Errno.ENOMEM;
        using (TaskTree.Lock.Acquire())
        {
            current.Handlers = handlers;
            if (!Session.TryCreate(null, 0, out var session) || !ProcessGroup.TryCreate(0, session, out var group))
                return Errno.ENOMEM;
            group.Add(current.Group);
        }

        current.Files = files.Value;
        current.FileContext = context.Value;
        current.IsKernelThread = false;
        return OpenConsole(files.Value);
    }

    /// <summary>Descriptors 0, 1 and 2 on /dev/console. A root without that node gives a program without them.</summary>
    private static Errno OpenConsole(FileTable files)
    {
        var opened = PathLookup.Open(FileConstants.AT_FDCWD, "/dev/console"u8, FileConstants.O_RDWR, 0);
        if (!opened.TryGet(out var console))
        {
            KernelLog.Write(LogLevel.Warning, "No /dev/console: init starts without descriptors"u8);
            return Errno.None;
        }

        // Each descriptor takes one use of the file over.
        for (var i = 0; i < 3; i++)
        {
            console.AddUser();
            var installed = files.Install(console, closeOnExec: false);
            if (!installed.IsOk)
                return installed.Error;
        }

        console.Drop();
        return Errno.None;
    }

    private static Errno RunProgram()
    {
        if (CommandLine.TryGet("init"u8, out var wanted))
            return Start(wanted);
        var error = Start("/init"u8);
        if (error == Errno.ENOENT)
            error = Start("/sbin/init"u8);
        if (error == Errno.ENOENT)
            error = Start("/bin/sh"u8);
        return error;
    }

    /// <summary>On success the thread's function ends, and the machine goes to user mode.</summary>
    private static Errno Start(ReadOnlySpan<byte> path)
    {
        var error = Exec.RunFirst(path);
        if (error == Errno.None)
        {
            KernelLog.Write(LogLevel.Info, $"Running {path} as init");
            KernelThread.BecomeUserProcess();
        }

        return error;
    }
}
