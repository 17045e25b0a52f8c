// Single instructions as functions; the bodies are in Entry/instructions.asm and its neighbours.
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static unsafe class Instructions
{
    private const MethodImplOptions Import = MethodImplOptions.InternalCall;


    [RuntimeImport("*", "cpu_read_msr"), MethodImpl(Import)] internal static extern ulong ReadMsr(uint register);
    [RuntimeImport("*", "cpu_write_msr"), MethodImpl(Import)] internal static extern void WriteMsr(uint register, ulong value);

    /// <summary>CPUID; <paramref name="result"/> gets EAX, EBX, ECX, EDX.</summary>
    [RuntimeImport("*", "cpu_id"), MethodImpl(Import)] internal static extern void CpuId(uint leaf, uint subleaf, uint* result);

    internal const ulong InterruptFlag = 0x200;

    [RuntimeImport("*", "cpu_disable_interrupts"), MethodImpl(Import)] private static extern ulong ReadFlagsAndDisable();
    [RuntimeImport("*", "cpu_read_flags"), MethodImpl(Import)] private static extern ulong ReadFlags();

    /// <summary>Returns whether they were on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool DisableInterrupts() => (ReadFlagsAndDisable() & InterruptFlag) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool InterruptsOn() => (ReadFlags() & InterruptFlag) != 0;

    [RuntimeImport("*", "cpu_enable_interrupts"), MethodImpl(Import)] internal static extern void EnableInterrupts();
    [RuntimeImport("*", "cpu_clear_interrupts"), MethodImpl(Import)] internal static extern void ClearInterrupts();
    [RuntimeImport("*", "cpu_pause"), MethodImpl(Import)] internal static extern void Pause();

    /// <summary>Turns interrupts on and halts until one comes.</summary>
    [RuntimeImport("*", "cpu_wait"), MethodImpl(Import)] internal static extern void Wait();

    /// <summary>Halts for good.</summary>
    [RuntimeImport("*", "cpu_halt"), MethodImpl(Import)] internal static extern void Halt();

    [RuntimeImport("*", "cpu_read_cr2"), MethodImpl(Import)] internal static extern ulong ReadCr2();
    [RuntimeImport("*", "cpu_read_cr3"), MethodImpl(Import)] internal static extern ulong ReadCr3();
    [RuntimeImport("*", "cpu_write_cr3"), MethodImpl(Import)] internal static extern void WriteCr3(ulong value);
    [RuntimeImport("*", "cpu_read_cr4"), MethodImpl(Import)] internal static extern ulong ReadCr4();
    [RuntimeImport("*", "cpu_write_cr4"), MethodImpl(Import)] internal static extern void WriteCr4(ulong value);
    [RuntimeImport("*", "cpu_read_cr0"), MethodImpl(Import)] internal static extern ulong ReadCr0();
    [RuntimeImport("*", "cpu_write_cr0"), MethodImpl(Import)] internal static extern void WriteCr0(ulong value);
    [RuntimeImport("*", "cpu_invalidate_page"), MethodImpl(Import)] internal static extern void InvalidatePage(ulong address);

    /// <summary>Loads GDT, IDT, task register and kernel segments; leaves FS and GS null.</summary>
    [RuntimeImport("*", "cpu_load_tables"), MethodImpl(Import)] internal static extern void LoadTables(void* gdt, void* idt, ulong taskSelector);

    [RuntimeImport("*", "cpu_read_tsc"), MethodImpl(Import)] internal static extern ulong ReadTsc();
    [RuntimeImport("*", "clock_now"), MethodImpl(Import)] internal static extern long ClockNow(ClockScale* scale);
    [RuntimeImport("*", "cpu_random"), MethodImpl(Import)] internal static extern bool Random(ulong* value);

    [RuntimeImport("*", "memory_clear_frame"), MethodImpl(Import)] internal static extern void ClearFrame(void* frame);
    [RuntimeImport("*", "memory_copy_frame"), MethodImpl(Import)] internal static extern void CopyFrame(void* to, void* from);

    /// <summary>Saves the callee-saved registers, changes stacks; returns the owner of the block that ran before.</summary>
    [RuntimeImport("*", "context_switch"), MethodImpl(Import)] internal static extern void* Switch(ContextBlock* from, ContextBlock* to);
    [RuntimeImport("*", "stack_enter"), MethodImpl(Import)] internal static extern void EnterStack(void* stackPointer, delegate*<void> function);
    [RuntimeImport("*", "fx_save"), MethodImpl(Import)] internal static extern void FxSave(void* area);
    [RuntimeImport("*", "fx_restore"), MethodImpl(Import)] internal static extern void FxRestore(void* area);

    [RuntimeImport("*", "user_copy"), MethodImpl(Import)] internal static extern int UserCopy(void* to, void* from, ulong count);
    [RuntimeImport("*", "user_clear"), MethodImpl(Import)] internal static extern int UserClear(void* at, ulong count);
    [RuntimeImport("*", "user_read_string"), MethodImpl(Import)] internal static extern long UserReadString(void* to, void* from, ulong limit);
    [RuntimeImport("*", "user_read_word"), MethodImpl(Import)] internal static extern int UserReadWord(uint* to, void* from);
    [RuntimeImport("*", "user_compare_exchange"), MethodImpl(Import)] internal static extern int UserCompareExchange(void* at, uint value, uint expected, uint* previous);
    [RuntimeImport("*", "user_compare_exchange_atomic"), MethodImpl(Import)] internal static extern int UserCompareExchangeAtomic(void* at, uint value, uint expected, uint* previous);

    // Addresses in the assembly code.
    [RuntimeImport("*", "cpu_vector_table"), MethodImpl(Import)] internal static extern ulong* VectorTable();
    [RuntimeImport("*", "cpu_stop_flag"), MethodImpl(Import)] internal static extern ulong* StopFlag();
    [RuntimeImport("*", "cpu_stack_sample"), MethodImpl(Import)] internal static extern StackSample.Request* StackSampleRequest();
    [RuntimeImport("*", "cpu_system_call_entry"), MethodImpl(Import)] internal static extern ulong SystemCallEntry();
    [RuntimeImport("*", "cpu_trap_start"), MethodImpl(Import)] internal static extern ulong TrapStart();
    [RuntimeImport("*", "cpu_trap_end"), MethodImpl(Import)] internal static extern ulong TrapEnd();
    [RuntimeImport("*", "cpu_context_start"), MethodImpl(Import)] internal static extern ulong ContextStart();
    [RuntimeImport("*", "user_fixup_table"), MethodImpl(Import)] internal static extern UserFixup* UserFixups();
    [RuntimeImport("*", "entry_smap_table"), MethodImpl(Import)] internal static extern ulong* EntrySmapTable();
    [RuntimeImport("*", "user_smap_table"), MethodImpl(Import)] internal static extern ulong* UserSmapTable();
    [RuntimeImport("*", "entry_layout"), MethodImpl(Import)] internal static extern ulong* EntryLayout();
}
