// What the next power-off tells whoever started the machine: a number of Jiffy's own, set through /proc/sys/kernel/exit_status.
// One word; no lock.
namespace Jiffy.Kernel.Observe;

public static class PowerOffStatus
{
    /// <summary>0 to 255.</summary>
    public static int Value { get; set; }

    public static void Init() => Value = 0;
}
