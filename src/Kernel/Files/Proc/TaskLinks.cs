// Symbolic links of /proc that lead to what a task has: program, directories; and to the reader itself.
// They are followed to the very file, whatever its name is by now; their text is for showing. Process context; may sleep.
// Linux: proc_pid_link_inode_operations, proc_self_get_link().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

/// <summary>The links in a task's directory; the value is the slot in <see cref="TaskEntries"/>.</summary>
internal enum TaskLink
{
    Executable = 4,
    Current = 5,
    Root = 6,
}

internal sealed class TaskLinkNames : TaskNames
{
    public static readonly TaskLinkNames Instance = new();

    public override Result<int> ReadLink(Inode inode, Span<byte> to)
    {
        var found = FollowLink(inode);
        return found.TryGet(out var place) ? Show(place, to) : found.Error;
    }

    public override Result<Location> FollowLink(Inode inode)
    {
        var task = TaskHandle.Of(inode);
        var error = task.CheckInspect();
        if (error != Errno.None)
            return error == Errno.ESRCH ? Errno.ENOENT : error;
        return (TaskLink)task.Slot == TaskLink.Executable ? TakeExecutable(task) : TakeDirectory(task);
    }

    /// <summary>Writes a place's path as the running task sees it; the caller's use of the place is taken over.</summary>
    internal static Result<int> Show(in Location place, Span<byte> to)
    {
        var root = Task.Current.FileContext!.GetRoot();
        var written = PathNaming.WriteShown(place, root, to);
        root.Drop();
        place.Drop();
        return written;
    }

    private static Result<Location> TakeExecutable(TaskHandle task)
    {
        var error = task.TakeMemory(out var memory);
        if (error != Errno.None || memory is null)
            return Errno.ENOENT;
        Result<Location> result = Errno.ENOENT;
        if (memory.Executable is { } program)
        {
            program.Location.AddUser();
            result = program.Location;
        }

        memory.Drop();
        return result;
    }

    private static Result<Location> TakeDirectory(TaskHandle task)
    {
        if (task.TakeContext() is not { } context)
            return TakeKernelThreadsDirectory(task);
        var place = (TaskLink)task.Slot == TaskLink.Root ? context.GetRoot() : context.GetCurrent();
        context.Drop();
        return place;
    }

    // Kernel threads stand at the top of all.
    private static Result<Location> TakeKernelThreadsDirectory(TaskHandle task)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (task.Find() is not { IsKernelThread: true })
                return Errno.ENOENT;
        }

        var top = RootFileSystem.Top();
        top.AddUser();
        return top;
    }
}

/// <summary>/proc/self.</summary>
internal sealed class SelfNames : GeneratedNames
{
    public static readonly SelfNames Instance = new();

    public override Result<int> ReadLink(Inode inode, Span<byte> to)
    {
        var text = new TextWriter(to);
        text.Append($"{Task.Current.Group.Id}");
        return text.Length;
    }
}

/// <summary>/proc/thread-self.</summary>
internal sealed class ThreadSelfNames : GeneratedNames
{
    public static readonly ThreadSelfNames Instance = new();

    public override Result<int> ReadLink(Inode inode, Span<byte> to)
    {
        var current = Task.Current;
        var text = new TextWriter(to);
        text.Append($"{current.Group.Id}/task/{current.Id}");
        return text.Length;
    }
}
