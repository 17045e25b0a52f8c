// One step of a stack walk: from a function's registers to its caller's.
// C# functions have a frame description (DWARF call frame information in .eh_frame), for most of them keep no frame pointer.
// Assembly has none: functions in .text.leaf have their return address at [rsp], others keep a frame pointer, or zero in it
// where the walk must end. In the entry of traps RBP points to the registers of the interrupted kernel code instead: the walk goes on
// there, which may be on another stack.
// Contexts: any. Reads only code tables and the stack within a window above the first stack pointer, so that a corrupt stack ends the
// walk and not the kernel.
using System;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal unsafe ref struct Unwinder
{
    // Registers by their DWARF numbers.
    private const int Rbx = 3, Rbp = 6, Rsp = 7, R12 = 12, R13 = 13, R14 = 14, R15 = 15, ReturnAddress = 16, RegisterCount = 17;

    private const ulong Window = 32 * 1024;

    [InlineArray(RegisterCount)]
    private struct RegisterFile
    {
        private ulong _first;
    }

    // What the rules say where the function was interrupted: the frame's address is a register plus an offset, and a
    // saved register lies at an offset from that; 0: not saved.
    private ref struct Rules
    {
        public int FrameRegister;
        public long FrameOffset;
        public RegisterFile SavedAt;
    }

    private RegisterFile _registers;
    private ulong _lowest;
    private bool _isCall; // the address is a return address: it may already belong to what follows the call

    internal Unwinder(ref KernelRegisters from) => Load(ref from);

    private void Load(ref KernelRegisters from)
    {
        _registers[Rbx] = from.Rbx;
        _registers[Rbp] = from.Rbp;
        _registers[Rsp] = from.Rsp;
        _registers[R12] = from.R12;
        _registers[R13] = from.R13;
        _registers[R14] = from.R14;
        _registers[R15] = from.R15;
        _registers[ReturnAddress] = from.Rip;
        _lowest = from.Rsp;
        _isCall = false;
    }

    /// <summary>An address within the instruction that is being executed in this frame: a return address less one.</summary>
    internal readonly ulong Address => _registers[ReturnAddress] - (_isCall ? 1u : 0u);

    /// <summary>Goes to the caller. False: there is none, or the stack makes no sense.</summary>
    internal bool TryStep()
    {
        var address = Address;
        if (address >= Instructions.TrapStart() && address < Instructions.TrapEnd())
            return TryGoOnWhereInterrupted();
        var before = _registers[Rsp];
        var found = SymbolTable.FindFrameDescription(address);
        var done = found != null && Covers(found, address) ? TryStepByRules(found, address)
            : IsLeaf(address) ? TryReturnFrom(before)
            : TryStepByFramePointer();
        _isCall = true;
        return done && _registers[Rsp] > before && IsCode(_registers[ReturnAddress]);
    }

    private bool TryGoOnWhereInterrupted()
    {
        var at = _registers[Rbp];
        if (!TryRead(at, out _) && !IsOnInterruptedStack(at))
            return false;
        ref var interrupted = ref *(KernelRegisters*)at;
        if ((interrupted.Cs & 3) != 0)
            return false;
        Load(ref interrupted);
        return IsCode(_registers[ReturnAddress]);
    }

    // The walk is on a CPU's interrupt stack, and the address on that of the context which was interrupted.
    private readonly bool IsOnInterruptedStack(ulong at)
    {
        var block = ContextBlock.OfStack(_registers[Rsp]);
        if (block->Area == null || block->Area->InterruptStack != block || ContextBlock.OwnerOf(block) is not { } owner)
            return false;
        return owner.Block != null && (at & 7) == 0 && at < (ulong)owner.Block && at >= (ulong)owner.Block + ContextBlock.Bytes - TaskContext.StackBytes;
    }

    private static bool IsLeaf(ulong address) => address >= (ulong)Linker.LeafStart() && address < (ulong)Linker.LeafEnd();

    private static bool IsCode(ulong address) => address > (ulong)Linker.TextStart() && address <= (ulong)Linker.TextEnd();

    private bool TryReturnFrom(ulong stackPointer)
    {
        if (!TryRead(stackPointer, out var address))
            return false;
        _registers[ReturnAddress] = address;
        _registers[Rsp] = stackPointer + 8;
        return true;
    }

    private bool TryStepByFramePointer()
    {
        var frame = _registers[Rbp];
        if (!TryRead(frame, out var outer) || !TryReturnFrom(frame + 8))
            return false;
        _registers[Rbp] = outer;
        return true;
    }

    private readonly bool TryRead(ulong at, out ulong value)
    {
        value = 0;
        if ((at & 7) != 0 || at < _lowest || at - _lowest >= Window)
            return false;
        value = *(ulong*)at;
        return true;
    }

    // A description: length, distance back to the common part, function start (relative), function length, augmentation, rules.
    private static bool Covers(byte* description, ulong address)
    {
        var start = (ulong)(description + 8 + *(int*)(description + 8));
        return address >= start && address - start < *(uint*)(description + 12);
    }

    private bool TryStepByRules(byte* description, ulong address)
    {
        var rules = new Rules { FrameRegister = Rsp, FrameOffset = 8 };
        var start = (ulong)(description + 8 + *(int*)(description + 8));
        var common = description + 4 - *(uint*)(description + 4);
        if (!TryRun(CommonRules(common), End(common), start, address, ref rules)
            || !TryRun(OwnRules(description), End(description), start, address, ref rules))
            return false;

        var frame = _registers[rules.FrameRegister] + (ulong)rules.FrameOffset;
        for (var register = 0; register < RegisterCount; register++)
        {
            if (rules.SavedAt[register] == 0)
                continue;
            if (!TryRead(frame + rules.SavedAt[register], out var saved))
                return false;
            _registers[register] = saved;
        }
        _registers[Rsp] = frame;
        return true;
    }

    private static byte* End(byte* entry) => entry + 4 + *(uint*)entry;

    private static byte* OwnRules(byte* description)
    {
        var at = description + 16;
        var augmentation = Number(ref at);
        return at + augmentation;
    }

    // The common part: length, 0, version, augmentation string, code and data alignment, return register, augmentation.
    private static byte* CommonRules(byte* common)
    {
        var at = common + 9;
        while (*at++ != 0)
        {
        }
        Number(ref at);
        Number(ref at);
        Number(ref at);
        var augmentation = Number(ref at);
        return at + augmentation;
    }

    // Runs the rules up to the address. Code is counted in bytes, saved registers in words downwards, as ILC's common part says.
    private static bool TryRun(byte* at, byte* end, ulong location, ulong address, ref Rules rules)
    {
        while (at < end && location <= address)
        {
            var code = *at++;
            var operand = code & 0x3f;
            switch (code & 0xc0)
            {
                case 0x40: // advance
                    location += (uint)operand;
                    continue;
                case 0x80: // register saved at
                    Save(ref rules, operand, Number(ref at));
                    continue;
                case 0xc0: // register as at the function's start
                    Save(ref rules, operand, 0);
                    continue;
            }
            if (!TryRunExtended(code, ref at, ref location, ref rules))
                return false;
        }
        return true;
    }

    private static bool TryRunExtended(byte code, ref byte* at, ref ulong location, ref Rules rules)
    {
        switch (code)
        {
            case 0x00:
                return true;
            case 0x02:
                location += *at++;
                return true;
            case 0x03:
                location += *(ushort*)at;
                at += 2;
                return true;
            case 0x04:
                location += *(uint*)at;
                at += 4;
                return true;
            case 0x0c: // frame is register plus offset
                rules.FrameRegister = (int)Number(ref at);
                rules.FrameOffset = (long)Number(ref at);
                return rules.FrameRegister < RegisterCount;
            case 0x0d:
                rules.FrameRegister = (int)Number(ref at);
                return rules.FrameRegister < RegisterCount;
            case 0x0e:
                rules.FrameOffset = (long)Number(ref at);
                return true;
            default:
                return false;
        }
    }

    private static void Save(ref Rules rules, int register, ulong words)
    {
        if (register < RegisterCount)
            rules.SavedAt[register] = (ulong)-(8 * (long)words);
    }

    private static ulong Number(ref byte* at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = *at++;
            value |= (ulong)(next & 0x7f) << shift;
            if ((next & 0x80) == 0)
                return value;
        }
    }
}
