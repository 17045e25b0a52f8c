// The tables of the firmware that say which processors, interrupt controllers and timers there are, and how to power off.
// Contexts: start-up. Everything found is copied into fields; the tables are not read again.
namespace Jiffy.Machine;

internal static unsafe class Acpi
{
    private const int HeaderBytes = 36;

    /// <summary>Local APIC identifiers of usable processors, the boot processor's first after <see cref="Smp"/> has sorted them.</summary>
    internal static readonly uint[] ApicIds = new uint[Cpu.Max];
    internal static int ApicCount;

    internal static ulong LocalApicAddress = 0xfee0_0000, IoApicAddress = 0xfec0_0000, HpetAddress;
    internal static uint IoApicBase;

    /// <summary>Global interrupt that the serial port's ISA interrupt 4 is wired to, and MADT's flags for its polarity and trigger.</summary>
    internal static uint SerialInterrupt = 4, SerialInterruptFlags;

    /// <summary>The same for the PIT's interrupt, ISA 0.</summary>
    internal static uint TimerInterrupt = 2, TimerInterruptFlags;

    internal static ushort PmTimerPort, Pm1aControlPort, Pm1bControlPort;
    internal static byte SleepType5A, SleepType5B;
    internal static bool CanPowerOff;

    internal static void Read()
    {
        if (BootInfo.AcpiRoot == 0)
            return;
        var root = (byte*)KernelPages.EnsureDirect(BootInfo.AcpiRoot, HeaderBytes);
        var isExtended = root[15] >= 2 && Word64(root, 24) != 0;
        var list = Table(isExtended ? Word64(root, 24) : Word32(root, 16));
        var entryBytes = isExtended ? 8 : 4;
        for (var at = HeaderBytes; at + entryBytes <= (int)Length(list); at += entryBytes)
            ReadTable(Table(isExtended ? Word64(list, at) : Word32(list, at)));
    }

    private static void ReadTable(byte* table)
    {
        switch (Word32(table, 0))
        {
            case 0x43495041: // "APIC"
                ReadMadt(table);
                break;
            case 0x54455048: // "HPET"
                HpetAddress = Word64(table, 44);
                break;
            case 0x50434146: // "FACP"
                ReadFadt(table);
                break;
        }
    }

    private static void ReadMadt(byte* table)
    {
        LocalApicAddress = Word32(table, 36);
        for (var entry = table + 44; entry + 2 <= table + Length(table) && entry[1] >= 2; entry += entry[1])
            ReadMadtEntry(entry);
    }

    private static void ReadMadtEntry(byte* entry)
    {
        switch (entry[0])
        {
            case 0:
                AddProcessor(entry[3], Word32(entry, 4));
                break;
            case 1 when IoApicBase == 0 || Word32(entry, 8) == 0:
                IoApicAddress = Word32(entry, 4);
                IoApicBase = Word32(entry, 8);
                break;
            case 2 when entry[3] == 0:
                TimerInterrupt = Word32(entry, 4);
                TimerInterruptFlags = (uint)(entry[8] | entry[9] << 8);
                break;
            case 2 when entry[3] == 4:
                SerialInterrupt = Word32(entry, 4);
                SerialInterruptFlags = (uint)(entry[8] | entry[9] << 8);
                break;
            case 5:
                LocalApicAddress = Word64(entry, 4);
                break;
            case 9:
                AddProcessor(Word32(entry, 4), Word32(entry, 8));
                break;
        }
    }

    private static void AddProcessor(uint apicId, uint flags)
    {
        const uint enabled = 1;
        if ((flags & enabled) == 0 || ApicCount == Cpu.Max)
            return;
        for (var i = 0; i < ApicCount; i++)
        {
            if (ApicIds[i] == apicId)
                return;
        }
        ApicIds[ApicCount++] = apicId;
    }

    private static void ReadFadt(byte* table)
    {
        Pm1aControlPort = (ushort)Word32(table, 64);
        Pm1bControlPort = (ushort)Word32(table, 68);
        PmTimerPort = (ushort)Word32(table, 76);
        var definitions = Length(table) >= 148 && Word64(table, 140) != 0 ? Word64(table, 140) : Word32(table, 40);
        if (definitions != 0)
            FindSleepTypes(Table(definitions));
    }

    // The package \_S5_ in the definition block: NameOp? "_S5_" PackageOp PkgLength NumElements, then small integers. The block
    // is a program; only its bytes are looked at, as all small kernels do.
    private static void FindSleepTypes(byte* block)
    {
        const byte packageOp = 0x12, bytePrefix = 0x0a;
        var end = block + Length(block) - 16;
        for (var at = block + HeaderBytes; at < end; at++)
        {
            if (Word32(at, 0) != 0x5f35535f || at[4] != packageOp) // "_S5_"
                continue;
            at += 5;
            at += 1 + (*at >> 6) + 1;
            SleepType5A = *at == bytePrefix ? at[1] : *at;
            at += *at == bytePrefix ? 2 : 1;
            SleepType5B = *at == bytePrefix ? at[1] : *at;
            CanPowerOff = true;
            return;
        }
    }

    private static byte* Table(ulong physical)
    {
        var table = (byte*)KernelPages.EnsureDirect(physical, HeaderBytes);
        KernelPages.EnsureDirect(physical, Length(table));
        return table;
    }

    private static uint Length(byte* table) => Word32(table, 4);

    private static uint Word32(byte* at, int offset) => *(uint*)(at + offset);

    private static ulong Word64(byte* at, int offset) => *(ulong*)(at + offset);
}
