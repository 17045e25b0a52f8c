// The last part of fork: the child gets its id and its place in the family, or all is undone.
// Lock: TaskTree.Lock. From here on others can find the child.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>The same with a file of the parent's that stands for the child. The child's own descriptors are copied already: it does not get it.</summary>
    private Errno LinkWithFile(Task parent, in CloneArguments arguments)
    {
        var made = PidFile.Make(flags: 0);
        if (!made.TryGet(out var file))
            return Undo(made.Error);
        var installed = parent.Files!.Install(file, closeOnExec: true);
        if (!installed.TryGet(out var descriptor))
        {
            file.Drop();
            return Undo(installed.Error);
        }

        var error = UserAccess.TryWrite(arguments.PidFdAddress, descriptor) ? Link(parent, arguments, file) : Undo(Errno.EFAULT);
        if (error != Errno.None)
            parent.Files.Close(descriptor);
        return error;
    }

    private Errno Link(Task parent, in CloneArguments arguments, OpenFile? pidFile)
    {
        ThreadGroup? process = null;
        if (!arguments.Has(Clone.CLONE_THREAD) && !TaskTree.ThreadGroupPool.TryTake(out process))
            return Undo(Errno.EAGAIN);
        process?.Reset();
        var error = process is null ? LinkThread(parent, arguments) : LinkProcess(parent, process, arguments, pidFile);
        if (error == Errno.None)
            return Errno.None;
        if (process is not null)
            TaskTree.ThreadGroupPool.Give(process);
        return Undo(error);
    }

    /// <summary>Joins the parent's process.</summary>
    private Errno LinkThread(Task parent, in CloneArguments arguments)
    {
        using (TaskTree.Lock.Acquire())
        {
            var process = parent.Group;

            // A fork that raced with the end or the stop of the process must not escape it.
            if (process.IsExiting || process.ExecTask is not null || MustTryAgain(parent))
                return Errno.ERESTARTNOINTR;
            var error = TaskTree.ThreadCount >= TaskTree.MaxThreads ? Errno.EAGAIN : TaskTree.AssignId(this, arguments.WantedId);
            if (error != Errno.None)
                return error;
            Group = process;
            process.ThreadRing.AddLast(this);
            process.LiveThreads++;
            CountIn();
            return Errno.None;
        }
    }

    /// <summary>Becomes the first thread of a new process.</summary>
    private Errno LinkProcess(Task parent, ThreadGroup process, in CloneArguments arguments, OpenFile? pidFile)
    {
        using (TaskTree.Lock.Acquire())
        {
            // A signal that came during the fork, to the process group perhaps, was sent to the parent alone: try again after it was dealt with.
            if (MustTryAgain(parent))
                return Errno.ERESTARTNOINTR;
            var error = TaskTree.ThreadCount >= TaskTree.MaxThreads ? Errno.EAGAIN : TaskTree.AssignId(this, arguments.WantedId);
            if (error != Errno.None)
                return error;
            Group = process;
            process.Id = Id;
            process.Leader = this;
            process.ThreadRing.AddLast(this);
            process.LiveThreads = 1;
            process.ExitSignal = arguments.ExitSignal;
            process.Limits = parent.Group.Limits;
            process.IsUndumpable = parent.Group.IsUndumpable;
            process.OutOfMemoryAdjustment = parent.Group.OutOfMemoryAdjustment;
            process.ResetSignals();
            process.ResetTimes();
            LinkFamily(parent, process, arguments);
            TaskTree.AddProcess(process);
            CountIn();
            if (pidFile is not null)
                PidFile.Tell(pidFile, this);
            if (arguments.Has(Clone.CLONE_VFORK))
            {
                VforkParent = parent;
                parent.AddUser();
                parent.IsInVfork = true;
            }

            return Errno.None;
        }
    }

    private static void LinkFamily(Task parent, ThreadGroup process, in CloneArguments arguments)
    {
        var family = arguments.Has(Clone.CLONE_PARENT) ? parent.Group.Parent : parent.Group;
        if (family == IdleProcess.Group)
            family = null;
        process.Parent = family;
        if (arguments.Has(Clone.CLONE_PARENT))
            process.ExitSignal = parent.Group.ExitSignal;
        family?.ChildRing.AddLast(process);
        parent.Group.ProcessGroup?.Add(process);
    }

    // A stop counts: its threads were counted without the one to come.
    private static bool MustTryAgain(Task parent) => parent.MustActOnSignal() && !SignalFaults.Has(SignalFault.ForkOverlooksSignal);

    private static void CountIn()
    {
        TaskTree.ThreadCount++;
        TaskTree.ForkCount++;
    }

    /// <summary>Gives back what <see cref="CopyResources"/> took.</summary>
    private Errno Undo(Errno error)
    {
        var memory = Memory;
        Memory = null;
        memory?.Drop();
        SemaphoreUndoList.Leave(this);
        ReleaseSignals();
        ReleaseFileContext();
        ReleaseFiles();
        return error;
    }
}
