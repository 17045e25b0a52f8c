#pragma warning disable CA1822 // bodies follow
// A user address space: its areas, its page table, and what exec and /proc know of it.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>Set by exec, read by /proc; addresses in the space.</summary>
    public ulong CodeStart, CodeEnd, DataStart, DataEnd, StackTop;
    public ulong ArgumentsStart, ArgumentsEnd, EnvironmentStart, EnvironmentEnd;

    /// <summary>The heap: exec sets both to the first address after the program's data.</summary>
    public ulong BreakStart, Break;

    /// <summary>The auxiliary vector as the program got it: pairs of type and value. AuxiliaryLength words are valid.</summary>
    public ulong[] AuxiliaryVector { get; } = new ulong[AuxiliaryCapacity];
    public int AuxiliaryLength;
    public const int AuxiliaryCapacity = 48;

    /// <summary>The program's file. The space holds one user of it and drops it at its end.</summary>
    public OpenFile? Executable;

    public static void Init()
    {
    }

    /// <summary>A new, empty space with one user. Process context; may sleep.</summary>
    /// <returns>ENOMEM.</returns>
    public static Result<AddressSpace> Create() => Errno.ENOMEM;

    /// <summary>A copy of this space with one user: private pages are shared until written. May sleep.</summary>
    /// <returns>ENOMEM, with nothing changed but write protection.</returns>
    public Result<AddressSpace> Fork() => Errno.ENOMEM;

    /// <summary>One more user (a thread, a reader of /proc). The caller must have one, or know otherwise that the space lives.</summary>
    public void AddUser()
    {
    }

    /// <summary>One more user if there is one still; for those who found the space by a task, under TaskTree.Lock.</summary>
    public bool TryAddUser() => false;

    /// <summary>One user less; the last one unmaps everything. May sleep.</summary>
    public void Drop()
    {
    }

    /// <summary>The scheduler's part: makes the next task's space the CPU's. Interrupts off. A kernel thread keeps what is loaded.</summary>
    public static void SwitchTask(Task previous, Task next)
    {
    }

    /// <summary>Gives the running task another space (exec) or none (exit), now. Takes over the caller's user of <paramref name="next"/>; drops the task's user of the old. May sleep.</summary>
    public static void Replace(Task current, AddressSpace? next)
    {
    }

    /// <summary>mmap. <paramref name="offset"/> in bytes. Does not take over the caller's user of <paramref name="file"/>. May sleep.</summary>
    /// <returns>The address; EINVAL, ENOMEM, EEXIST, EACCES, EPERM, ENODEV, EOVERFLOW, EAGAIN as documented.</returns>
    public Result<ulong> Map(ulong address, ulong length, Protection protection, MapFlags flags, OpenFile? file, long offset) => Errno.ENOMEM;

    /// <summary>munmap. EINVAL, ENOMEM (too many areas).</summary>
    public Errno Unmap(ulong address, ulong length) => Errno.ENOMEM;

    /// <summary>mprotect. EINVAL, ENOMEM, EACCES.</summary>
    public Errno Protect(ulong address, ulong length, Protection protection) => Errno.ENOMEM;

    /// <summary>mremap.</summary>
    public Result<ulong> Remap(ulong address, ulong oldLength, ulong newLength, RemapFlags flags, ulong newAddress) => Errno.ENOMEM;

    /// <summary>madvise.</summary>
    public Errno Advise(ulong address, ulong length, Advice advice) => Errno.EINVAL;

    /// <summary>brk: the new end of the heap, or the old one when it cannot be moved.</summary>
    public ulong SetBreak(ulong address) => Break;

    /// <summary>Maps the first program stack: [<paramref name="top"/> - <paramref name="initialBytes"/>, top), growing down on faults to RLIMIT_STACK.</summary>
    public Errno MapStack(ulong top, ulong initialBytes) => Errno.ENOMEM;

    /// <summary>Copies out of this space, whoever runs; faults pages in. May sleep.</summary>
    /// <returns>EFAULT or ENOMEM; <paramref name="to"/> may be partly filled.</returns>
    public Errno ReadRemote(ulong address, Span<byte> to) => Errno.EFAULT;

    /// <summary>Copies into this space, whoever runs, obeying protections. May sleep.</summary>
    public Errno WriteRemote(ulong address, ReadOnlySpan<byte> from) => Errno.EFAULT;
}
