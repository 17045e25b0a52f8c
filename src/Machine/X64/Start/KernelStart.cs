// Compiled into the kernel's bare-metal assembly: where the machine, which cannot name the kernel, gets it from.
using System.Runtime;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

internal static class KernelStart
{
    [RuntimeExport("jiffy_create_kernel")]
    private static KernelEntry Create() => new JiffyKernel();
}
