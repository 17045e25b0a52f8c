// What the space asks of the task that acts on it: limits, rights, and whether it has been told to die.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    // CAP_IPC_LOCK: locked memory is not limited.
    private static bool IsPrivileged => Task.Current.Credentials.Has(Capability.CAP_IPC_LOCK);

    private static bool MustStop => WorkFlag.IsSet(Task.Current, WorkFlag.MustExit);

    // Kernel threads of early boot have no process yet.
    private static ulong SoftLimit(Resource resource) =>
        Task.Current.Group is { } process ? process.SoftLimit(resource) : ResourceLimit.Infinity;
}
