// The ordered list of what starts: each line needs only what stands above it.
// Context: CPU 0's idle task, interrupts off until the scheduler runs. Linux: start_kernel(), kernel_init().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Files.Proc;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Labs;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Syscalls;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Tasks.Exec;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

public static class StartUp
{
    /// <summary>Frames of memory for each thread that may exist: its stack and as much again seven times.</summary>
    private const int FramesPerThread = 8 * TaskContext.StackBytes / Frames.Size;

    private const int MaxThreadsLimit = 16384;

    /// <summary>CPU 0 from the machine's hand-over to its idle loop.</summary>
    public static void Primary()
    {
        InitEarly();
        InitRooms();
        Cpu.StartOthers();
        StartFirstTasks();
        Scheduler.StartIdle();
    }

    /// <summary>Every other CPU.</summary>
    public static void Secondary()
    {
        Scheduler.StartIdle();
    }

    /// <summary>What reports need.</summary>
    private static void InitEarly()
    {
        SpinNodes.Init(areUsed: CommandLine.GetInt("fair_locks"u8, BootInfo.IsVirtual ? 0 : 1) != 0);
        PoolRegistry.Init();
        PriorityChain.Init();
        LockChecks.Init(CommandLine.GetInt("lock_checks"u8, 0));
        KernelConsole.Init();
        Panic.Init();
        FaultReport.Init(CommandLine.Has("panic_on_oops"u8) || CommandLine.GetInt("panic_on_oops"u8, 0) != 0);
        Provoke.Init(CommandLine.Has("provoke"u8));
        KernelLog.Init(ConsoleLevel());
        KernelLog.Write(LogLevel.Notice, $"Jiffy on {BootInfo.ProcessorName}, {Cpu.Count} CPUs, {(long)BootInfo.TotalFrames * Frames.Size >> 20} MiB");
        KernelLog.Write(LogLevel.Notice, $"Command line: {BootInfo.CommandLine}");
        SystemNames.Init();
    }

    /// <summary>Quiet unless told otherwise: warnings are kept, and only what is worse is shown.</summary>
    private static int ConsoleLevel()
    {
        if (CommandLine.Has("debug"u8))
            return KernelLog.ShowsAll;
        return CommandLine.GetInt("loglevel"u8, KernelLog.QuietLevel);
    }

    private static void InitRooms()
    {
        FrameAllocator.Init();
        KernelAreas.Init();
        BootLog.Enlarge();
        BootLog.TellMemory();
        BootLog.TellClock();
        TaskStateRules.Init(CommandLine.Has("check_states"u8));
        TaskTree.Initialize(MaxThreads());
        WaitQueue.Init();
        Freezer.Init();
        InitSignals();
        Softirq.Init();
        TimeKeeper.Init(CommandLine.TryGet("timers"u8, out var timers) && timers.SequenceEqual("cascading"u8));
        SystemTimeZone.Init();
        Interrupts.Init();
        Scheduler.Init(CommandLine.TryGet("sched"u8, out var policy) ? policy : default);
        LockupWatch.Init(CommandLine.GetInt("watchdog_thresh"u8, LockupWatch.UsualSeconds));
        Rcu.StallSeconds = CommandLine.GetInt("rcupdate.rcu_cpu_stall_timeout"u8, Rcu.UsualStallSeconds);
        IdleProcess.Init();
        KernelThread.Init();
        WorkQueues.Init(
            savesPower: CommandLine.GetInt("workqueue.power_efficient"u8, 0) != 0,
            stallSeconds: CommandLine.GetInt("workqueue.watchdog_thresh"u8, WorkerPool.UsualStallSeconds));
        AddressSpace.Init();
        Vdso.Init(CommandLine.GetInt("vdso"u8, 1) != 0);
        UserClock.Init(Vdso.ValuesFrame);
        Futex.Init();
        FileSystems.Init();
        TimerFile.Init(TaskTree.MaxThreads);
        Semaphores.Init();
        SysVMessages.Init();
        SharedSegments.Init();
        MessageQueueFileSystem.Init();
        SocketFileSystem.Init();
        UnixSocket.Init(SocketLimit(), SocketMessageLimit());
        EventCounter.Init(4 * TaskTree.MaxThreads);
        SignalFile.Init(TaskTree.MaxThreads);
        ProcFileSystem.Init();
        SystemFileSystem.Init();
        SelfTestFiles.Init(CommandLine.Has("selftest"u8));
        LabFiles.Init(CommandLine.Has("lab"u8));
        Terminal.Init();
        Exec.Init();
        LogCalls.Init();
        SyscallTable.Init();
        PowerOffStatus.Init();
    }

    /// <summary>As many sockets as a quarter of the frames, and so many messages that they fill a quarter of memory.</summary>
    private static int SocketLimit() => (int)Math.Clamp(FrameAllocator.TotalFrames / 4, 1024, 32768);

    private static int SocketMessageLimit() => (int)Math.Clamp(FrameAllocator.TotalFrames * 2, 8192, 1 << 20);

    private static int MaxThreads()
    {
        var threads = FrameAllocator.TotalFrames / FramesPerThread;
        return (int)(threads < 64 ? 64 : threads > MaxThreadsLimit ? MaxThreadsLimit : threads);
    }

    private static void InitSignals()
    {
        SignalSender.InitReports();
        SignalHandlers.Pool = new Pool<SignalHandlers, SignalHandlers.Pooled>("signal_handlers", TaskTree.MaxThreads);
        QueuedSignal.Init(4 * TaskTree.MaxThreads);
        PosixTimer.Init(4 * TaskTree.MaxThreads);
    }

    /// <summary>Threads that belong to CPUs: started by init, when sleeping is possible.</summary>
    internal static void StartThreads()
    {
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            SoftirqDaemon.Start(cpu);
        ContextQueue.Start();
        WorkQueues.StartWorkers();
        Rcu.Start();
        if (CommandLine.Has("historical_events"u8))
            HistoricalEvents.Start();
    }

    /// <summary>Init gets id 1, kthreadd id 2; both wait until all is ready.</summary>
    private static void StartFirstTasks()
    {
        var init = FirstProcess.Create();
        if (!init.IsOk)
            Panic.Stop("No first process", (long)init.Error);
        var daemon = KernelThread.StartDaemon();
        if (daemon != Errno.None)
            Panic.Stop("No kthreadd", (long)daemon);
        Scheduler.WakeUpNew(init.Value);
    }
}
