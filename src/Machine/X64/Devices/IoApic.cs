// The IO-APIC, which routes device interrupts to CPUs, and the old interrupt controllers, which are silenced.
// Contexts: start-up, then any; the kernel's interrupt-line lock.
namespace Jiffy.Machine;

public static unsafe partial class InterruptLines
{
    private const int SelectAt = 0, WindowAt = 0x10;
    private const uint FirstRedirection = 0x10, VersionRegister = 1, Masked = 1 << 16, ActiveLow = 1 << 13, LevelTriggered = 1 << 15;
    private const ushort FirstPicData = 0x21, SecondPicData = 0xa1;

    private static byte* s_registers;

    internal static void SetUp()
    {
        Ports.Write8(FirstPicData, 0xff);
        Ports.Write8(SecondPicData, 0xff);
        s_registers = (byte*)KernelPages.MapDevice(Acpi.IoApicAddress);
        var last = Read(VersionRegister) >> 16 & 0xff;
        for (uint pin = 0; pin <= last; pin++)
            Write(FirstRedirection + 2 * pin, Masked);
    }

    public static partial void Enable(InterruptLine line) => Route(Acpi.SerialInterrupt, Acpi.SerialInterruptFlags, Vectors.Serial);

    /// <summary>Sends a global interrupt to CPU 0 as a vector; polarity and trigger as MADT's flags say.</summary>
    internal static void Route(uint globalInterrupt, uint flags, byte vector)
    {
        var pin = globalInterrupt - Acpi.IoApicBase;
        var (polarity, trigger) = (flags & 3, flags >> 2 & 3);
        var mode = (polarity == 3 ? ActiveLow : 0) | (trigger == 3 ? LevelTriggered : 0);
        Write(FirstRedirection + 2 * pin + 1, Smp.Area(0)->ApicId << 24);
        Write(FirstRedirection + 2 * pin, vector | mode);
    }

    public static partial void Disable(InterruptLine line) =>
        Write(FirstRedirection + 2 * (Acpi.SerialInterrupt - Acpi.IoApicBase), Masked);

    public static partial string Controller => LocalApic.UsesX2Apic ? "IO-APIC, local APICs in x2APIC mode" : "IO-APIC, local APICs in xAPIC mode";

    private static uint Read(uint register)
    {
        System.Threading.Volatile.Write(ref *(uint*)(s_registers + SelectAt), register);
        return System.Threading.Volatile.Read(ref *(uint*)(s_registers + WindowAt));
    }

    private static void Write(uint register, uint value)
    {
        System.Threading.Volatile.Write(ref *(uint*)(s_registers + SelectAt), register);
        System.Threading.Volatile.Write(ref *(uint*)(s_registers + WindowAt), value);
    }
}
