// What the kernel may know of the machine it was compiled for.
namespace Jiffy.Machine;

public static class MachineTraits
{
    /// <summary>Lock order and sleeping contexts are checked at run time.</summary>
    public static bool ChecksLocks => true;
}
