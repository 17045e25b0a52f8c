// What a task keeps for System V's and POSIX's interprocess communication. Owned by the task itself.
using Jiffy.Kernel.Ipc;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>What is to be undone with semaphores when it ends; shared by clones that ask for it. Null: nothing was asked for yet.</summary>
    internal SemaphoreUndoList? SemaphoreUndos;

    internal IpcWaiter IpcWaiter { get; }
}
