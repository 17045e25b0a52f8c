// From the first C# (BootEntry has made the language work) to the kernel: each step in order.
// Contexts: CPU 0, interrupts off; on the boot stack, then on the machine's own first context, then on CPU 0's idle context.
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static unsafe class Startup
{
    private static TaskContext s_first = null!;

    /// <summary>Does not return.</summary>
    internal static void Run(ulong startInfoAddress)
    {
        Clock.Begin();
        SerialPort.SetUp();
        Processor.Detect();
        Processor.PatchSmap(Instructions.EntrySmapTable());
        Processor.PatchSmap(Instructions.UserSmapTable());
        BootInfo.Read(startInfoAddress);
        if (BootInfo.HasOption("selftest=lang"u8))
            LanguageTests.RunAndExit();
        KernelPages.Build();
        KernelPages.Activate();
        ObjectHeap.AddBootRegion();
        Processor.SetUp();

        InterruptTable.Build(AddressSpace.Direct(MemoryMap.Take(1)));
        Smp.SetUp();
        s_first = new FirstContext();
        EnterOn(s_first, &OnFirstContext);
    }

    /// <summary>Goes on in <paramref name="function"/> on the empty stack of a context, for good.</summary>
    private static void EnterOn(TaskContext context, delegate*<void> function)
    {
        if (!context.HasStack)
            context.TryCreateStack();
        context.Block->Area = Smp.Area(0);
        PrepareFirstContext(Smp.Area(0), context.Block);
        Instructions.EnterStack(ContextBlock.EmptyStackOf(context.Block), function);
    }

    /// <summary>What a switch would have done for a CPU's first context.</summary>
    internal static void PrepareFirstContext(CpuArea* area, ContextBlock* block)
    {
        area->Current = block;
        area->Tss.Rsp0 = (ulong)block;
    }

    private static void OnFirstContext()
    {
        Smp.Area(0)->Load(InterruptTable.Table);
        Internal.Runtime.FaultHook.Handler = &Faults.Raised;
        KernelEntry.Instance = CreateKernel();

        Acpi.Read();
        Hpet.SetUp();
        LocalApic.Find();
        LocalApic.SetUp();
        Smp.CountProcessors();
        InterruptLines.SetUp();
        Clock.Calibrate();
        Entropy.SetUp();

        EnterOn(KernelEntry.Instance.CreateIdle(0), &OnIdleContext);
    }

    private static void OnIdleContext()
    {
        s_first.FreeStack();
        TableFrames.KernelOwnsMemory = true;
        KernelEntry.Instance.BootPrimary();
        Instructions.Halt();
    }

    private static KernelEntry CreateKernel() =>
        BootInfo.HasOption("selftest=machine"u8) ? new TestKernel() : CreateKernelEntry();

    /// <summary>The kernel's doors, from the kernel's assembly (Start/KernelStart.cs).</summary>
    [RuntimeImport("*", "jiffy_create_kernel"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern KernelEntry CreateKernelEntry();

    /// <summary>The machine's own context until the kernel has made its idle task.</summary>
    private sealed class FirstContext : TaskContext
    {
    }
}
