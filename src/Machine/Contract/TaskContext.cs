// The machine's half of a task: kernel stack, saved registers, vector state. The kernel's Task derives from it.
using System;

namespace Jiffy.Machine;

public abstract partial class TaskContext
{
    /// <summary>Bytes of a kernel stack; below it lies a guard page where the machine has pages.</summary>
    public const int StackBytes = 16 * 1024;

    /// <summary>Bytes of the vector state: the FXSAVE layout.</summary>
    public const int VectorStateBytes = 512;

    /// <summary>
    /// Nesting of preemption off, softirq and hardirq levels: Linux's preempt_count. Changed only by the task itself and by interrupts
    /// that nest on it. Zero, with interrupts on: the kernel may be preempted here.
    /// </summary>
    public int PreemptCount;

    /// <summary>Work flags looked at on the way to user mode and at preemption points. Changed with atomic operations.</summary>
    public int WorkFlags;

    /// <summary>The task's registers in user mode. Meaningless for kernel threads.</summary>
    public partial ref UserRegisters User { get; }

    /// <summary>Bases of FS and GS in user mode. For the running task use <see cref="LoadUserSegments"/> after a change.</summary>
    public ulong UserFsBase, UserGsBase;

    /// <summary>True when the context has a kernel stack.</summary>
    public partial bool HasStack { get; }

    /// <summary>Gets a kernel stack. Process context.</summary>
    /// <returns>False when memory is exhausted; nothing has changed then.</returns>
    public partial bool TryCreateStack();

    /// <summary>Frames that kernel stacks hold: those in use, those kept for the next tasks, and the tables that map them. Any context.</summary>
    public static partial long FramesOfStacks { get; }

    /// <summary>Gives the stack back. The context must not be running anywhere.</summary>
    public partial void FreeStack();

    /// <summary>Makes the next switch to this context enter <see cref="KernelEntry.StartTask"/> on an empty stack.</summary>
    public partial void PrepareStart();

    /// <summary>Copies user registers, segment bases and vector state of the running task into a new one (fork).</summary>
    public partial void CopyUserStateFrom(TaskContext parent);

    /// <summary>Puts vector state and segment bases as a fresh program finds them (exec).</summary>
    public partial void ResetUserState();

    /// <summary>The running task's vector state in FXSAVE layout into <paramref name="to"/> (at least <see cref="VectorStateBytes"/>).</summary>
    public static partial void SaveVectorState(Span<byte> to);

    /// <summary>Sets the running task's vector state; refuses reserved bits by clearing them.</summary>
    public static partial void LoadVectorState(ReadOnlySpan<byte> from);

    /// <summary>The running task's vector state in FXSAVE layout to user memory. False: bad address. May sleep.</summary>
    public static partial bool TryWriteVectorState(ulong to);

    /// <summary>Sets the running task's vector state from user memory, as <see cref="LoadVectorState"/> does. False: bad address. May sleep.</summary>
    public static partial bool TryReadVectorState(ulong from);

    /// <summary>Makes changed <see cref="UserFsBase"/> and <see cref="UserGsBase"/> of the running task effective.</summary>
    public partial void LoadUserSegments();

    /// <summary>
    /// The context switch: goes on in <paramref name="to"/>; returns, on <paramref name="from"/>'s stack, when somebody switches back.
    /// Interrupts off. Address spaces are the caller's business.
    /// </summary>
    /// <returns>The context that ran before on this CPU when this one goes on.</returns>
    public static partial TaskContext Switch(TaskContext from, TaskContext to);

    /// <summary>True when <paramref name="address"/> lies in this context's guard page or just below its stack.</summary>
    public partial bool IsStackOverflow(ulong address);
}
