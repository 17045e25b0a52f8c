// Model-specific registers and control register bits that the machine uses, by their numbers in the processor manuals.
namespace Jiffy.Machine;

internal static class Msr
{
    internal const uint ApicBase = 0x1b, TscDeadline = 0x6e0, X2ApicFirst = 0x800;
    internal const uint Efer = 0xc000_0080, Star = 0xc000_0081, LStar = 0xc000_0082, CStar = 0xc000_0083, FMask = 0xc000_0084;
    internal const uint FsBase = 0xc000_0100, GsBase = 0xc000_0101, KernelGsBase = 0xc000_0102;

    /// <summary>What RDTSCP and RDPID give besides: the CPU's number.</summary>
    internal const uint TscAux = 0xc000_0103;

    internal const ulong EferSystemCall = 1 << 0, EferNoExecute = 1 << 11;

    /// <summary>What SYSCALL clears in Rflags: TF, IF, DF, IOPL, NT, RF, AC.</summary>
    internal const ulong SystemCallClears = 0x57700;
}

internal static class ControlBits
{
    internal const ulong WriteProtect = 1 << 16, NumericError = 1 << 5, MonitorCoprocessor = 1 << 1, Emulation = 1 << 2, TaskSwitched = 1 << 3;
    internal const ulong AlignmentMask = 1 << 18;
    internal const ulong FxSave = 1 << 9, SimdExceptions = 1 << 10, GlobalPages = 1 << 7, Umip = 1 << 11, FsGsBase = 1 << 16;
    internal const ulong OsXSave = 1 << 18, Smep = 1 << 20, Smap = 1 << 21;
}
