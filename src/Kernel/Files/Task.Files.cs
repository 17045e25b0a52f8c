// What a task has of files. Set by fork, given back by exit; changed by the task itself only, read by others under TaskTree.Lock.
using Jiffy.Kernel.Files;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Its descriptors; null for kernel threads and once it has ended.</summary>
    public FileTable? Files;

    /// <summary>Root, working directory and umask; null once it has ended.</summary>
    public FileContext? FileContext;

    /// <summary>Gives the running task another table in place of the one it has; takes over the caller's use of it. May sleep.</summary>
    internal void ReplaceFiles(FileTable next)
    {
        var old = Files;
        using (TaskTree.Lock.Acquire())
            Files = next;
        old?.Drop();
    }
}
