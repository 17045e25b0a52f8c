// The local APIC: end of interrupt, interrupts between processors, the timer. x2APIC mode (registers are MSRs) when the
// processor has it, else memory-mapped registers.
// Contexts: any with interrupts off, except Send, which turns them off itself where a pair of writes must stay together.
namespace Jiffy.Machine;

internal static unsafe class LocalApic
{
    private const uint Id = 0x20, TaskPriority = 0x80, EndOfInterrupt = 0xb0, SpuriousVector = 0xf0, CommandLow = 0x300, CommandHigh = 0x310;
    private const uint TimerVector = 0x320, Lint0 = 0x350, Lint1 = 0x360, ErrorVector = 0x370, InitialCount = 0x380, CurrentCount = 0x390, Divide = 0x3e0;

    private const ulong BaseEnable = 1 << 11, BaseX2Apic = 1 << 10;
    private const uint SoftwareEnable = 1 << 8, Masked = 1 << 16, TscDeadlineMode = 2 << 17, DivideByOne = 0xb, DeliveryPending = 1 << 12;
    private const uint DeliverNmi = 4 << 8, DeliverInit = 5 << 8, DeliverStartup = 6 << 8, LevelAssert = 1 << 14;

    private static byte* s_registers;
    private static bool s_x2Apic;

    /// <summary>True when the timer takes deadlines in TSC counts.</summary>
    internal static bool UsesTscDeadline { get; private set; }

    /// <summary>True when its registers are MSRs.</summary>
    internal static bool UsesX2Apic => s_x2Apic;

    /// <summary>Start-up on the first CPU, after the firmware's tables are read.</summary>
    internal static void Find()
    {
        s_x2Apic = Processor.HasX2Apic;
        UsesTscDeadline = Processor.HasTscDeadline && Clock.TscIsTrusted && !BootInfo.HasOption("lapic=notscdeadline"u8);
        if (!s_x2Apic)
            s_registers = (byte*)KernelPages.MapDevice(Acpi.LocalApicAddress);
    }

    /// <summary>Each CPU's start.</summary>
    internal static void SetUp()
    {
        var apicBase = Instructions.ReadMsr(Msr.ApicBase) | BaseEnable;
        Instructions.WriteMsr(Msr.ApicBase, apicBase);
        if (s_x2Apic)
            Instructions.WriteMsr(Msr.ApicBase, apicBase | BaseX2Apic);
        Write(TaskPriority, 0);
        Write(Lint0, Masked);
        Write(Lint1, Masked);
        Write(ErrorVector, Masked);
        Write(Divide, DivideByOne);
        Write(TimerVector, Vectors.Timer | (UsesTscDeadline ? TscDeadlineMode : 0));
        Write(SpuriousVector, SoftwareEnable | Vectors.Spurious);
    }

    internal static uint OwnId => s_x2Apic ? Read(Id) : Read(Id) >> 24;

    internal static void Acknowledge() => Write(EndOfInterrupt, 0);

    internal static void Send(uint apicId, byte vector) => Command(apicId, vector);

    internal static void SendNmi(uint apicId) => Command(apicId, DeliverNmi);

    internal static void SendInit(uint apicId) => Command(apicId, DeliverInit | LevelAssert);

    /// <summary>Starts a waiting processor in real mode at <paramref name="address"/>, a page below 1 MiB.</summary>
    internal static void SendStartup(uint apicId, uint address) => Command(apicId, DeliverStartup | address >> Frames.Shift);

    private static void Command(uint apicId, uint command)
    {
        if (s_x2Apic)
        {
            // Writes to MSRs of the APIC do not order earlier stores; the receiver must see what it is called for.
            System.Threading.Interlocked.MemoryBarrier();
            Instructions.WriteMsr(Msr.X2ApicFirst + (CommandLow >> 4), (ulong)apicId << 32 | command);
            return;
        }
        var wereOn = Instructions.DisableInterrupts();
        while ((Read(CommandLow) & DeliveryPending) != 0)
            Instructions.Pause();
        Write(CommandHigh, apicId << 24);
        Write(CommandLow, command);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>Rings once after so many timer counts; 0 stops the timer. Not in deadline mode.</summary>
    internal static void SetTimer(uint counts) => Write(InitialCount, counts);

    /// <summary>Counts left until the timer rings.</summary>
    internal static uint TimerLeft => Read(CurrentCount);

    /// <summary>Rings when the TSC reaches the value; 0 stops the timer.</summary>
    internal static void SetDeadline(ulong tsc) => Instructions.WriteMsr(Msr.TscDeadline, tsc);

    private static uint Read(uint register) => s_x2Apic
        ? (uint)Instructions.ReadMsr(Msr.X2ApicFirst + (register >> 4))
        : System.Threading.Volatile.Read(ref *(uint*)(s_registers + register));

    private static void Write(uint register, uint value)
    {
        if (s_x2Apic)
            Instructions.WriteMsr(Msr.X2ApicFirst + (register >> 4), value);
        else
            System.Threading.Volatile.Write(ref *(uint*)(s_registers + register), value);
    }
}
