// A call that a signal interrupted without a handler goes on where it stopped: what it needs for that. The call returns ERESTART_RESTARTBLOCK;
// signal delivery makes the program call restart_syscall, or, when a handler ran, turns the result into EINTR.
// Context: the task itself. Linux: struct restart_block; man 2 restart_syscall.
namespace Jiffy.Kernel.Time;

public enum RestartKind
{
    /// <summary>Nothing to go on with: restart_syscall returns EINTR.</summary>
    None,
    Sleep,

    /// <summary>On the CPU-time clock whose number is <see cref="RestartBlock.First"/>.</summary>
    CpuSleep,
    FutexWait,
    Poll,
}

public struct RestartBlock
{
    public RestartKind Kind;

    /// <summary>The absolute end, on <see cref="Clock"/> unless the kind says otherwise, in nanoseconds.</summary>
    public long Deadline;
    public ClockBase Clock;

    /// <summary>A user address: the remaining time, the futex word, the poll set.</summary>
    public ulong Address;
    public ulong First, Second;
}
