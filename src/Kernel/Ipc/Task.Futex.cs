// What a task keeps for futexes. Owned by the task itself; RobustList is read by get_robust_list.
using Jiffy.Kernel.Ipc;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>User address of the list of locks it holds: set_robust_list. Zero: none.</summary>
    public ulong RobustList;

    internal FutexWaiter FutexWaiter { get; }
}
