// What each CPU has of its own: the area that GS points to in the kernel, with its TSS and GDT. One frame per CPU.
// Layout of the first words: Entry/entry.inc.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CpuArea
{
    private const int GdtEntries = 11;
    internal const ushort KernelCode = 0x08, KernelData = 0x10, TaskSelector = 0x40, NumberSelector = 0x50;

    /// <summary>Stacks that the processor changes to by itself.</summary>
    internal const int DoubleFaultStack = 1, NmiStack = 2, MachineCheckStack = 3;

    internal CpuArea* Self;

    /// <summary>The current context's block; entries from user mode start pushing right below it.</summary>
    internal ContextBlock* Current;
    internal ulong UserStackPointer;

    /// <summary>The block of the stack for interrupts. Its owner is the context that the outermost one came into.</summary>
    internal ContextBlock* InterruptStack;

    /// <summary>Non-maskable interrupts so far; counted by their entry.</summary>
    internal ulong NonMaskableInterrupts;
    internal TaskStateSegment Tss;
    private fixed ulong _gdt[GdtEntries];
    internal int Id;
    internal uint ApicId;

    /// <summary>Set by the CPU when it has reached the kernel.</summary>
    internal int IsOnline;

    /// <summary>What the alarm was set to; <see cref="long.MaxValue"/> when none.</summary>
    internal long AlarmDeadline;

    /// <summary>The kernel code that the innermost interrupt came into; null: user mode, or no interrupt.</summary>
    internal KernelRegisters* Interrupted;

    /// <summary>By <see cref="MachineInterrupt"/>.</summary>
    internal fixed ulong Counts[5];
    private fixed ulong _nmiStack[64];
    private ulong _nmiStackEnd;

    /// <summary>The area of the CPU that runs this. Stays true only while preemption is off.</summary>
    internal static CpuArea* Here
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ContextBlock.Here->Area;
    }

    internal void Prepare(int id, uint apicId, ContextBlock* interruptStack, void* doubleFaultStack, void* machineCheckStack)
    {
        fixed (CpuArea* self = &this)
        {
            Self = self;
            InterruptStack = interruptStack;
            new System.Span<byte>(interruptStack, ContextBlock.Bytes).Clear();
            interruptStack->Area = self;
            Tss.Stacks[DoubleFaultStack - 1] = (ulong)doubleFaultStack;
            Tss.Stacks[NmiStack - 1] = (ulong)&self->_nmiStackEnd & ~15UL;
            Tss.Stacks[MachineCheckStack - 1] = (ulong)machineCheckStack;
            PrepareDescriptors((ulong)&self->Tss, id);
        }
        Tss.IoMapBase = (ushort)sizeof(TaskStateSegment);
        Id = id;
        ApicId = apicId;
        AlarmDeadline = long.MaxValue;
    }

    private void PrepareDescriptors(ulong tss, int id)
    {
        _gdt[KernelCode / 8] = 0x00af_9b00_0000_ffff;
        _gdt[KernelData / 8] = 0x00cf_9300_0000_ffff;
        _gdt[UserRegisters.UserDataSelector / 8] = 0x00cf_f300_0000_ffff;
        _gdt[UserRegisters.UserCodeSelector / 8] = 0x00af_fb00_0000_ffff;
        _gdt[TaskSelector / 8] = (ulong)sizeof(TaskStateSegment) - 1 | (tss & 0xff_ffff) << 16 | 0x89UL << 40 | (tss >> 24 & 0xff) << 56;
        _gdt[TaskSelector / 8 + 1] = tss >> 32;

        // A data segment that nobody uses; user mode may ask for its limit, which is the CPU's number (Vdso/vdso.asm).
        _gdt[NumberSelector / 8] = 0x0040_f100_0000_0000UL | (uint)id;
    }

    /// <summary>Makes the running CPU use this area. Interrupts off.</summary>
    internal void Load(ulong* idt)
    {
        fixed (CpuArea* self = &this)
        {
            var gdtPointer = new TablePointer { Limit = GdtEntries * 8 - 1, Base = (ulong)self->_gdt };
            var idtPointer = new TablePointer { Limit = 256 * 16 - 1, Base = (ulong)idt };
            Instructions.LoadTables(&gdtPointer, &idtPointer, TaskSelector);
            Instructions.WriteMsr(Msr.GsBase, (ulong)self);
            Instructions.WriteMsr(Msr.KernelGsBase, 0);
            if (Processor.HasTscAux)
                Instructions.WriteMsr(Msr.TscAux, (ulong)Id);
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct TablePointer
    {
        internal ushort Limit;
        internal ulong Base;
    }
}

/// <summary>The processor's 64-bit task state segment.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal unsafe struct TaskStateSegment
{
    private uint _reserved0;
    internal ulong Rsp0;
    private ulong _rsp1, _rsp2, _reserved1;
    internal fixed ulong Stacks[7];
    private ulong _reserved2;
    private ushort _reserved3;
    internal ushort IoMapBase;
}
