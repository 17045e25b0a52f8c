// What the space asks of the task that acts on it.
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Memory;

internal enum Resource { DATA = 2, STACK = 3, MEMLOCK = 8, AS = 9 }

public sealed partial class AddressSpace
{
    private static bool IsPrivileged => true;

    private static ulong SoftLimit(Resource resource) => resource == Resource.STACK ? 8UL << 20 : ulong.MaxValue;

    internal static void RaiseFault(int signal, int code, ulong address) => WorkFlag.Set(Task.Current, WorkFlag.MustExit);

    private static bool MustStop => WorkFlag.IsSet(Task.Current, WorkFlag.MustExit);
}
