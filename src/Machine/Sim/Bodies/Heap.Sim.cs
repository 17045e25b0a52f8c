// Objects lie on the host's heap; only the size asked for is counted, so that exhaustion can be tested.
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class ObjectHeap
{
    public static partial bool TryReserve(int bytes) => SimMachine.Current.TryReserveHeap(bytes);

    public static partial long Used => SimMachine.Current.HeapUsed;
}
