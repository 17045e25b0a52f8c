// Fast user-space locks: tasks that sleep on a word of user memory. Context: process; may sleep.
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

public static partial class Futex
{
    /// <summary>Makes a thread's end known to user memory: robust list, clear_child_tid. The task itself, its memory still there.</summary>
    public static void OnTaskExit(Task current) => _ = current;
}
