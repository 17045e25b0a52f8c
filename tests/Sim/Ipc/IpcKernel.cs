// A kernel of tasks with interprocess communication, with or without a deliberate mistake, and what the tests of it have in common.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;

namespace Jiffy.Tests.Sim.Ipc;

internal static class IpcKernel
{
    /// <summary>Runs the tasks that <paramref name="spawn"/> makes to their ends.</summary>
    public static void Run(SimMachine machine, IpcFault fault, Action<SchedulerKernel> spawn)
    {
        IpcFaults.Set(fault);
        try
        {
            var kernel = new SchedulerKernel(machine) { OnBoot = Init };
            spawn(kernel);
            kernel.RunAll();
        }
        finally
        {
            IpcFaults.Set(IpcFault.None);
        }
    }

    private static void Init()
    {
        FaultInjection.Init();
        Semaphores.Init();
        SysVMessages.Init();
        SharedSegments.Init();
        MessageQueue.Init(16);
    }

    /// <summary>What a signal without a handler's choice does to a task in the kernel.</summary>
    public static void Signal(Task task)
    {
        WorkFlag.Set(task, WorkFlag.SignalPending);
        Scheduler.TryToWakeUp(task, TaskState.Interruptible);
    }

    /// <summary>semop with one operation by the running task.</summary>
    public static Errno Operate(int id, int number, int change, int flags = 0, long deadline = long.MaxValue) =>
        Operate(id, [new SemaphoreOperation { Number = (ushort)number, Change = (short)change, Flags = (short)flags }], deadline);

    public static Errno Operate(int id, ReadOnlySpan<SemaphoreOperation> operations, long deadline = long.MaxValue)
    {
        var waiter = Task.Current.IpcWaiter;
        var error = waiter.SetOperations(operations);
        if (error != Errno.None)
            return error;
        error = Semaphores.Operate(id, waiter, deadline);
        waiter.FreeOperations();
        return error;
    }
}
