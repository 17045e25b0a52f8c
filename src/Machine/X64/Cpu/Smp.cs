// All processors: their areas, how the others are started and stopped.
// Contexts: SetUp and StartOthers on CPU 0 in start-up; the rest any.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe class Smp
{
    // Where processors begin in real mode: a page below 1 MiB that nobody else uses.
    private const uint TrampolineAddress = 0x8000;
    private const long InitDelay = 200_000, StartupDelay = 200_000, StartTimeout = 1_000_000_000;

    private static CpuArea** s_areas;
    private static long s_online;

    internal static int Count { get; private set; }

    /// <summary>CPUs that run kernel code.</summary>
    internal static CpuSet Online => new((ulong)Volatile.Read(ref s_online));

    internal static CpuArea* Area(int cpu) => s_areas[cpu];

    /// <summary>The boot processor's area; the others' indices follow it in the firmware's order.</summary>
    internal static void SetUp()
    {
        s_areas = (CpuArea**)AddressSpace.Direct(MemoryMap.Take(1));
        Count = 1;
        MakeArea(0, 0);
    }

    /// <summary>Once the local APIC works: which processor this is, and how many there are.</summary>
    internal static void CountProcessors()
    {
        s_areas[0]->ApicId = LocalApic.OwnId;
        for (var i = 0; i < Acpi.ApicCount; i++)
        {
            if (Acpi.ApicIds[i] != LocalApic.OwnId)
                Count++;
        }
        MarkOnline(0);
    }

    private static bool MakeArea(int cpu, uint apicId)
    {
        var doubleFault = KernelStacks.TryTake();
        var machineCheck = KernelStacks.TryTake();
        var interrupts = KernelStacks.TryTake();
        if (doubleFault == null || machineCheck == null || interrupts == null || !TableFrames.TryTake(out var frame))
            return false;
        s_areas[cpu] = (CpuArea*)AddressSpace.Direct(frame);
        s_areas[cpu]->Prepare(cpu, apicId, interrupts, doubleFault, machineCheck);
        return true;
    }

    private static void MarkOnline(int cpu)
    {
        Volatile.Write(ref s_areas[cpu]->IsOnline, 1);
        Interlocked.Or(ref s_online, 1L << cpu);
    }

    internal static void StartOthers()
    {
        if (Count == 1)
            return;
        var trampoline = CopyTrampoline();
        trampoline->Root = KernelPages.MakeTrampolineRoot();
        var cpu = 1;
        for (var i = 0; i < Acpi.ApicCount; i++)
        {
            if (Acpi.ApicIds[i] != s_areas[0]->ApicId)
                Start(cpu++, Acpi.ApicIds[i], trampoline);
        }
    }

    private static void Start(int cpu, uint apicId, TrampolineParameters* trampoline)
    {
        var idle = KernelEntry.Instance.CreateIdle(cpu);
        if (!MakeArea(cpu, apicId) || !idle.HasStack && !idle.TryCreateStack())
            return;
        var area = s_areas[cpu];
        area->Current = idle.Block;
        idle.Block->Area = area;
        trampoline->Stack = (ulong)ContextBlock.EmptyStackOf(idle.Block);
        trampoline->KernelRoot = KernelPages.Root;
        trampoline->Entry = SecondaryEntry();

        LocalApic.SendInit(apicId);
        Delay(InitDelay);
        for (var attempt = 0; attempt < 2 && Volatile.Read(ref area->IsOnline) == 0; attempt++)
        {
            LocalApic.SendStartup(apicId, TrampolineAddress);
            Delay(StartupDelay);
        }
        var giveUp = Clock.Now + StartTimeout;
        while (Volatile.Read(ref area->IsOnline) == 0 && Clock.Now < giveUp)
            Cpu.Relax();
    }

    private static void Delay(long nanoseconds)
    {
        var until = Clock.Now + nanoseconds;
        while (Clock.Now < until)
            Cpu.Relax();
    }

    private static TrampolineParameters* CopyTrampoline()
    {
        var target = (byte*)AddressSpace.Direct(TrampolineAddress);
        var source = TrampolineStart();
        var bytes = (int)TrampolineBytes();
        for (var i = 0; i < bytes; i++)
            target[i] = source[i];
        return (TrampolineParameters*)(target + bytes) - 1;
    }

    /// <summary>The first C# of another processor, on its idle context's stack, interrupts off.</summary>
    [RuntimeExport("machine_start_secondary")]
    private static void StartSecondary()
    {
        var area = ContextBlock.Here->Area;
        Processor.SetUp();
        area->Load(InterruptTable.Table);
        LocalApic.SetUp();
        Startup.PrepareFirstContext(area, area->Current);
        MarkOnline(area->Id);
        KernelEntry.Instance.BootSecondary();
        Instructions.Halt();
    }

    internal static void SendShootdown(int cpu) => LocalApic.Send(s_areas[cpu]->ApicId, Vectors.Shootdown);

    // Non-maskable, since a CPU to be stopped may spin with interrupts off.
    internal static void StopOthers()
    {
        Volatile.Write(ref *Instructions.StopFlag(), 1);
        var others = Online.Without(Cpu.Id);
        for (var cpu = others.Next(0); cpu >= 0; cpu = others.Next(cpu + 1))
            LocalApic.SendNmi(s_areas[cpu]->ApicId);
        Interlocked.Exchange(ref s_online, 1L << Cpu.Id);
    }

    /// <summary>At the end of the trampoline's page-sized copy. Layout: Boot/trampoline.asm.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TrampolineParameters
    {
        internal ulong Root, KernelRoot, Stack, Entry;
    }

    [RuntimeImport("*", "trampoline_start"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern byte* TrampolineStart();

    [RuntimeImport("*", "trampoline_bytes"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong TrampolineBytes();

    [RuntimeImport("*", "secondary_entry"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong SecondaryEntry();
}
