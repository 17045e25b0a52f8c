// The last bytes of every kernel stack: whose stack it is, and what the switch keeps. Kernel stacks are aligned to their
// size, so a CPU finds the block, and by it the current context, from its stack pointer alone: two instructions that the
// compiler can inline, where a GS-relative load would be a call. It stays right when the task moves to another CPU.
// Above the block nothing; below it user mode's registers and saved vector registers. Layout: Entry/entry.inc.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ContextBlock
{
    internal const int Bytes = 576;

    /// <summary>Vector registers XMM0 to this are saved by entries; the same as ENTRY_XMM_SAVED.</summary>
    internal const int SavedVectors = 9;
    private const int SavedVectorBytes = 8 + 16 * SavedVectors;

    internal VectorState Vectors;
    internal ulong StackPointer;
    internal nint OwnerReference;
    internal CpuArea* Area;

    /// <summary>User mode's vector state lives here while the context does not run. One byte is tested.</summary>
    internal ulong HasUserState;
    private ulong _unused1, _unused2, _unused3, _unused4;

    /// <summary>The block of the stack in use.</summary>
    internal static ContextBlock* Here
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        [SkipLocalsInit]
        get
        {
            byte here;
            return OfStack((ulong)&here);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ContextBlock* OfStack(ulong address) =>
        (ContextBlock*)((address | (TaskContext.StackBytes - 1)) - (Bytes - 1));

    // No collector moves objects, so a reference is its address for ever, and pointers to references are sound.
#pragma warning disable CS8500
    /// <summary>The context that owns the stack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TaskContext OwnerOf(ContextBlock* block) => *(TaskContext*)&block->OwnerReference;

    internal static void SetOwner(ContextBlock* block, TaskContext owner) => *(TaskContext*)&block->OwnerReference = owner;
#pragma warning restore CS8500

    internal static UserRegisters* UserOf(ContextBlock* block) => (UserRegisters*)block - 1;

    /// <summary>Vector registers 0 to <see cref="SavedVectors"/> as the entry from user mode found them.</summary>
    internal static byte* SavedVectorsOf(ContextBlock* block) => (byte*)UserOf(block) - SavedVectorBytes;

    /// <summary>Where a stack that has never been in user mode begins: below the room for user mode's registers.</summary>
    internal static ulong* EmptyStackOf(ContextBlock* block) => (ulong*)SavedVectorsOf(block);
}

/// <summary>An FXSAVE image.</summary>
[StructLayout(LayoutKind.Sequential, Size = TaskContext.VectorStateBytes)]
internal unsafe struct VectorState
{
    internal const int ControlAt = 0, MxcsrAt = 24, MxcsrMaskAt = 28, XmmAt = 160;
    internal const ushort InitialControl = 0x37f;
    internal const uint InitialMxcsr = 0x1f80;

    private ulong _first;

    /// <summary>As a fresh program finds it.</summary>
    internal static void Reset(VectorState* state)
    {
        new System.Span<byte>(state, TaskContext.VectorStateBytes).Clear();
        *(ushort*)((byte*)state + ControlAt) = InitialControl;
        *(uint*)((byte*)state + MxcsrAt) = InitialMxcsr;
    }
}
