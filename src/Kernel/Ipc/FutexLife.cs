// Whether a task can own locks that lend priority. Linux: futex_state in task_struct.
namespace Jiffy.Kernel.Ipc;

internal enum FutexLife
{
    Alive,

    /// <summary>It gives back what it has; whoever wants to wait for it waits until that is done.</summary>
    Ending,
    Dead,
}
