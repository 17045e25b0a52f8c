// What the kernel may know of the machine it was compiled for.
namespace Jiffy.Machine;

public static class MachineTraits
{
    /// <summary>Lock order and sleeping contexts are checked at run time. Off here: the simulated machine does it.</summary>
    public static bool ChecksLocks => false;

    /// <summary>Where locks are taken is kept for reports. Off here, but for the boot word lock_checks=2.</summary>
    public static bool KeepsPlaces => false;
}
