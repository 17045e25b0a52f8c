// What the kernel may know of the machine it was compiled for.
namespace Jiffy.Machine;

public static class MachineTraits
{
    /// <summary>Lock order and sleeping contexts are checked at run time.</summary>
    public static bool ChecksLocks => true;

    /// <summary>Where locks are taken is kept for reports: while a schedule that fails is run again for its report.</summary>
    public static bool KeepsPlaces => Sim.SimMachine.KeepsPlaces;
}
