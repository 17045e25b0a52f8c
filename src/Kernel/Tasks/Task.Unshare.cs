// unshare: the running task gets copies of its own of what it shares with others since clone. Everything that can fail comes first.
// Context: process; may sleep. Lock: TaskTree.Lock for what others see change. Linux: ksys_unshare(). man 2 unshare.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    // What only a process's single thread has for itself: asking for it is granted when that is so already.
    private const ulong WithThreads = Clone.CLONE_THREAD | Clone.CLONE_SIGHAND | Clone.CLONE_VM;

    /// <summary>Ends the sharing that <paramref name="flags"/> name. EINVAL: not known here, or shared with threads; ENOMEM, EMFILE.</summary>
    internal static Errno Unshare(ulong flags)
    {
        const ulong known = WithThreads | Clone.CLONE_FS | Clone.CLONE_FILES | Clone.CLONE_SYSVSEM;
        var current = Current;
        if ((flags & ~known) != 0 || ((flags & WithThreads) != 0 && current.SharesMemory()))
            return Errno.EINVAL;
        FileContext? context = null;
        if ((flags & Clone.CLONE_FS) != 0 && current.FileContext is { IsShared: true } shared)
        {
            var copy = shared.Copy();
            if (!copy.TryGet(out context))
                return copy.Error;
        }

        if ((flags & Clone.CLONE_FILES) != 0 && current.Files is { IsShared: true } files)
        {
            var copy = files.Fork();
            if (!copy.IsOk)
            {
                context?.Drop();
                return copy.Error;
            }

            current.ReplaceFiles(copy.Value);
        }

        if (context is not null)
            current.ReplaceFileContext(context);
        if ((flags & Clone.CLONE_SYSVSEM) != 0)
            SemaphoreUndoList.Leave(current);
        return Errno.None;
    }

    private bool SharesMemory()
    {
        using (TaskTree.Lock.Acquire())
            return Group.LiveThreads > 1 || Memory is { Users: > 1 };
    }

    private void ReplaceFileContext(FileContext next)
    {
        var old = FileContext;
        using (TaskTree.Lock.Acquire())
            FileContext = next;
        old?.Drop();
    }
}
