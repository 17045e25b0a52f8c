// What a simulated program sees: its registers, its memory, the system call instruction.
using System;
using System.Runtime.InteropServices;

namespace Jiffy.Machine.Sim;

/// <summary>Thrown out of a step when the kernel handled a fault of its: the step is begun anew, wherever the registers say.</summary>
internal sealed class StepAgain : Exception
{
    public static readonly StepAgain Instance = new();
}

public sealed class SimUser
{
    private readonly TaskContext _context;
    private readonly SimMachine _machine;

    internal SimUser(SimMachine machine, TaskContext context)
    {
        _machine = machine;
        _context = context;
    }

    /// <summary>Number of the step to do.</summary>
    public int Step { get; internal set; }

    /// <summary>The task's registers. Rbx, Rbp and R12 to R15 survive system calls.</summary>
    public ref UserRegisters Registers => ref _context.User;

    /// <summary>What the last system call returned: negative error numbers, as in Rax.</summary>
    public long Result => (long)_context.User.Rax;

    /// <summary>The running program's writable page.</summary>
    public ulong Data => Base + SimPrograms.DataOffset;

    internal ulong Base { get; set; }
    internal bool HasCall { get; set; }
    internal ulong NextRip { get; set; }

    /// <summary>The step after this one; otherwise the following.</summary>
    public void Jump(int step) => NextRip = AddressOf(step);

    /// <summary>Address of a step, for signal handlers and thread entries.</summary>
    public ulong AddressOf(int step) => Base + (ulong)(step * SimPrograms.StepBytes);

    /// <summary>Returns from a function or a signal handler: goes on at the address on top of the stack.</summary>
    public void Return()
    {
        NextRip = Load(_context.User.Rsp);
        _context.User.Rsp += sizeof(ulong);
    }

    /// <summary>Makes a system call at the end of this step; the next step finds the <see cref="Result"/>.</summary>
    public void SystemCall(long number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0, ulong f = 0)
    {
        ref var registers = ref _context.User;
        registers.Rax = (ulong)number;
        registers.Rdi = a;
        registers.Rsi = b;
        registers.Rdx = c;
        registers.R10 = d;
        registers.R8 = e;
        registers.R9 = f;
        HasCall = true;
    }

    public ulong Load(ulong address) => MemoryMarshal.Read<ulong>(_machine.UserBytes(_context, address, sizeof(ulong), FaultAccess.Read));

    public uint Load32(ulong address) => MemoryMarshal.Read<uint>(_machine.UserBytes(_context, address, sizeof(uint), FaultAccess.Read));

    public void Store(ulong address, ulong value) =>
        MemoryMarshal.Write(_machine.UserBytes(_context, address, sizeof(ulong), FaultAccess.Write), value);

    public void Store32(ulong address, uint value) =>
        MemoryMarshal.Write(_machine.UserBytes(_context, address, sizeof(uint), FaultAccess.Write), value);

    /// <summary>Stores bytes that lie within one page.</summary>
    public void Store(ulong address, ReadOnlySpan<byte> bytes) =>
        bytes.CopyTo(_machine.UserBytes(_context, address, bytes.Length, FaultAccess.Write));

    /// <summary>Compares and exchanges in one step, as a locked instruction does.</summary>
    public uint CompareExchange(ulong address, uint value, uint expected)
    {
        var bytes = _machine.UserBytes(_context, address, sizeof(uint), FaultAccess.Write);
        var found = MemoryMarshal.Read<uint>(bytes);
        if (found == expected)
            MemoryMarshal.Write(bytes, value);
        return found;
    }
}
