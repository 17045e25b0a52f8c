// What the processor is and can do (CPUID), and the settings each CPU makes at its start.
namespace Jiffy.Machine;

internal static unsafe class Processor
{
    private const uint Ecx1X2Apic = 1u << 21, Ecx1TscDeadline = 1u << 24, Ecx1Random = 1u << 30, Ecx1Hypervisor = 1u << 31;
    private const uint Ebx7Smep = 1u << 7, Ebx7Smap = 1u << 20, Ecx7Umip = 1u << 2, Ecx7ReadProcessorId = 1u << 22;
    private const uint ExtendedGiantPages = 1u << 26, ExtendedReadTscAux = 1u << 27;

    internal static uint Family, Model, Stepping;
    internal static ulong Features;
    internal static bool HasX2Apic, HasTscDeadline, HasRandom, HasSmep, HasSmap, HasUmip, HasGiantPages, IsHypervisor;
    internal static bool HasReadProcessorId, HasReadTscAux;
    internal static uint HighestLeaf;
    private static byte[] s_vendor = null!, s_name = null!;
    private static int s_nameLength;

    /// <summary>There is a word for each CPU that user mode can read: <see cref="Msr.TscAux"/>.</summary>
    internal static bool HasTscAux => HasReadProcessorId || HasReadTscAux;

    internal static System.ReadOnlySpan<byte> Vendor => new(s_vendor, 0, 12);
    internal static System.ReadOnlySpan<byte> Name => new(s_name, 0, s_nameLength);

    /// <summary>Start-up on the first CPU.</summary>
    internal static void Detect()
    {
        var r = stackalloc uint[4];
        Instructions.CpuId(0, 0, r);
        HighestLeaf = r[0];
        s_vendor = new byte[12];
        CopyWord(s_vendor, 0, r[1]);
        CopyWord(s_vendor, 4, r[3]);
        CopyWord(s_vendor, 8, r[2]);
        DetectBasics(r);
        DetectExtended(r);
    }

    private static void DetectBasics(uint* r)
    {
        Instructions.CpuId(1, 0, r);
        Family = r[0] >> 8 & 15;
        Model = r[0] >> 4 & 15;
        Stepping = r[0] & 15;
        if (Family == 6 || Family == 15)
            Model += (r[0] >> 16 & 15) << 4;
        if (Family == 15)
            Family += r[0] >> 20 & 0xff;
        Features = (ulong)r[2] << 32 | r[3];
        HasX2Apic = (r[2] & Ecx1X2Apic) != 0;
        HasTscDeadline = (r[2] & Ecx1TscDeadline) != 0;
        HasRandom = (r[2] & Ecx1Random) != 0;
        IsHypervisor = (r[2] & Ecx1Hypervisor) != 0;
        if (HighestLeaf < 7)
            return;
        Instructions.CpuId(7, 0, r);
        HasSmep = (r[1] & Ebx7Smep) != 0;
        HasSmap = (r[1] & Ebx7Smap) != 0;
        HasUmip = (r[2] & Ecx7Umip) != 0;
        HasReadProcessorId = (r[2] & Ecx7ReadProcessorId) != 0;
    }

    private static void DetectExtended(uint* r)
    {
        s_name = new byte[48];
        Instructions.CpuId(0x8000_0000, 0, r);
        var highest = r[0];
        if (highest >= 0x8000_0001)
        {
            Instructions.CpuId(0x8000_0001, 0, r);
            HasGiantPages = (r[3] & ExtendedGiantPages) != 0;
            HasReadTscAux = (r[3] & ExtendedReadTscAux) != 0;
        }
        if (highest < 0x8000_0004)
            return;
        for (var i = 0; i < 12; i++)
        {
            if (i % 4 == 0)
                Instructions.CpuId(0x8000_0002 + (uint)i / 4, 0, r);
            CopyWord(s_name, i * 4, r[i % 4]);
        }
        while (s_nameLength < 48 && s_name[s_nameLength] != 0)
            s_nameLength++;
        while (s_nameLength > 0 && s_name[s_nameLength - 1] == ' ')
            s_nameLength--;
    }

    private static void CopyWord(byte[] to, int at, uint value)
    {
        for (var i = 0; i < 4; i++)
            to[at + i] = (byte)(value >> 8 * i);
    }

    /// <summary>Each CPU's start: protection, system calls, floating point without XSAVE.</summary>
    internal static void SetUp()
    {
        var cr0 = Instructions.ReadCr0() & ~(ControlBits.Emulation | ControlBits.TaskSwitched);
        Instructions.WriteCr0(cr0 | ControlBits.WriteProtect | ControlBits.NumericError | ControlBits.MonitorCoprocessor | ControlBits.AlignmentMask);

        var cr4 = Instructions.ReadCr4() & ~(ControlBits.OsXSave | ControlBits.FsGsBase);
        cr4 |= ControlBits.FxSave | ControlBits.SimdExceptions | ControlBits.GlobalPages;
        if (HasSmep)
            cr4 |= ControlBits.Smep;
        if (HasSmap)
            cr4 |= ControlBits.Smap;
        if (HasUmip)
            cr4 |= ControlBits.Umip;
        Instructions.WriteCr4(cr4);

        Instructions.WriteMsr(Msr.Efer, Instructions.ReadMsr(Msr.Efer) | Msr.EferSystemCall | Msr.EferNoExecute);
        Instructions.WriteMsr(Msr.Star, 0x0023_0008UL << 32);
        Instructions.WriteMsr(Msr.LStar, Instructions.SystemCallEntry());
        Instructions.WriteMsr(Msr.CStar, 0);
        Instructions.WriteMsr(Msr.FMask, Msr.SystemCallClears);
    }

    /// <summary>Puts STAC and CLAC where the assembly left room. While kernel text can still be written.</summary>
    internal static void PatchSmap(ulong* table)
    {
        if (!HasSmap)
            return;
        var clearCount = table[0];
        var count = clearCount + table[1];
        for (ulong i = 0; i < count; i++)
        {
            var site = (byte*)table[2 + i];
            site[0] = 0x0f;
            site[1] = 0x01;
            site[2] = i < clearCount ? (byte)0xca : (byte)0xcb;
        }
    }
}
