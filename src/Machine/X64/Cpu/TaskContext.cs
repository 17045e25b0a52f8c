// Bodies of the task context: kernel stack, user registers at its top, vector state in its block, and the switch.
// Vector state of a task in the kernel is in two places: the registers that the entry saved lie below the user registers,
// the rest is in the processor while the task runs, and in the block's FXSAVE image while it does not.
using System;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

public abstract unsafe partial class TaskContext
{
    // What is legal in MXCSR on every processor when FXSAVE reports no mask.
    private const uint DefaultMxcsrMask = 0xffbf;

    private ContextBlock* _block;

    public partial ref UserRegisters User => ref *ContextBlock.UserOf(_block);

    public partial bool HasStack => _block != null;

    internal ContextBlock* Block => _block;

    public partial bool TryCreateStack()
    {
        var block = KernelStacks.TryTake();
        if (block == null)
            return false;
        new Span<byte>(block, ContextBlock.Bytes).Clear();
        ContextBlock.SetOwner(block, this);
        _block = block;
        PrepareStart();
        return true;
    }

    public static partial long FramesOfStacks => KernelStacks.Frames;

    public partial void FreeStack()
    {
        var block = _block;
        _block = null;
        if (block != null)
            KernelStacks.Give(block);
    }

    public partial void PrepareStart()
    {
        var stack = ContextBlock.EmptyStackOf(_block);
        *--stack = Instructions.ContextStart();
        for (var i = 0; i < 6; i++)
            *--stack = 0; // callee-saved registers
        _block->StackPointer = (ulong)stack;
    }

    public partial void CopyUserStateFrom(TaskContext parent)
    {
        User = parent.User;
        UserFsBase = parent.UserFsBase;
        UserGsBase = parent.UserGsBase;
        if (parent._block->HasUserState == 0)
        {
            ResetUserState();
            return;
        }
        // Unless the parent runs elsewhere (it does not: it forks), the processor holds its state.
        Instructions.FxSave(&_block->Vectors);
        Copy(ContextBlock.SavedVectorsOf(parent._block), ContextBlock.SavedVectorsOf(_block), 16 * ContextBlock.SavedVectors);
        _block->HasUserState = 1;
    }

    public partial void ResetUserState()
    {
        UserFsBase = 0;
        UserGsBase = 0;
        VectorState.Reset(&_block->Vectors);
        new Span<byte>(ContextBlock.SavedVectorsOf(_block), 16 * ContextBlock.SavedVectors).Clear();
        _block->HasUserState = 1;
        if (_block != ContextBlock.Here)
            return;
        Instructions.FxRestore(&_block->Vectors);
        LoadUserSegments();
    }

    [SkipLocalsInit]
    public static partial void SaveVectorState(Span<byte> to)
    {
        var buffer = stackalloc byte[VectorStateBytes + 16];
        var image = Aligned(buffer);
        Save(image);
        new Span<byte>(image, VectorStateBytes).CopyTo(to);
    }

    [SkipLocalsInit]
    public static partial bool TryWriteVectorState(ulong to)
    {
        var buffer = stackalloc byte[VectorStateBytes + 16];
        var image = Aligned(buffer);
        Save(image);
        return UserMemory.TryWrite(to, new Span<byte>(image, VectorStateBytes));
    }

    [SkipLocalsInit]
    public static partial bool TryReadVectorState(ulong from)
    {
        var buffer = stackalloc byte[VectorStateBytes + 16];
        var image = Aligned(buffer);
        if (!UserMemory.TryRead(from, new Span<byte>(image, VectorStateBytes)))
            return false;
        Load(image);
        return true;
    }

    [SkipLocalsInit]
    public static partial void LoadVectorState(ReadOnlySpan<byte> from)
    {
        var buffer = stackalloc byte[VectorStateBytes + 16];
        var image = Aligned(buffer);
        from.Slice(0, VectorStateBytes).CopyTo(new Span<byte>(image, VectorStateBytes));
        Load(image);
    }

    private static byte* Aligned(byte* buffer) => (byte*)((ulong)buffer + 15 & ~15UL);

    private static void Save(byte* image)
    {
        Instructions.FxSave(image);
        Copy(ContextBlock.SavedVectorsOf(ContextBlock.Here), image + VectorState.XmmAt, 16 * ContextBlock.SavedVectors);
    }

    private static void Load(byte* image)
    {
        *(uint*)(image + VectorState.MxcsrAt) &= MxcsrMask();
        Instructions.FxRestore(image);
        Copy(image + VectorState.XmmAt, ContextBlock.SavedVectorsOf(ContextBlock.Here), 16 * ContextBlock.SavedVectors);
    }

    // What the processor allows: told by FXSAVE.
    [SkipLocalsInit]
    private static uint MxcsrMask()
    {
        var buffer = stackalloc byte[VectorStateBytes + 16];
        var image = Aligned(buffer);
        Instructions.FxSave(image);
        var mask = *(uint*)(image + VectorState.MxcsrMaskAt);
        return mask == 0 ? DefaultMxcsrMask : mask;
    }

    private static void Copy(byte* from, byte* to, int count) => new Span<byte>(from, count).CopyTo(new Span<byte>(to, count));

    public partial void LoadUserSegments()
    {
        var wereOn = Instructions.DisableInterrupts();
        LoadSegments();
        Cpu.RestoreInterrupts(wereOn);
    }

    // In the kernel, user mode's GS base waits in the other register for SWAPGS. User mode can make its bases zero by loading
    // selectors, so they are loaded even when they seem to be in place already. Bad addresses would fault here.
    private void LoadSegments()
    {
        Instructions.WriteMsr(Msr.FsBase, UserFsBase < UserMemory.Limit ? UserFsBase : 0);
        Instructions.WriteMsr(Msr.KernelGsBase, UserGsBase < UserMemory.Limit ? UserGsBase : 0);
    }

    public static partial TaskContext Switch(TaskContext from, TaskContext to)
    {
        if (to._block->HasUserState != 0)
            to.LoadSegments();
        var previous = (nint)Instructions.Switch(from._block, to._block);
        return Unsafe.As<nint, TaskContext>(ref previous);
    }

    public partial bool IsStackOverflow(ulong address) => KernelStacks.IsOverflow(_block, address);
}
