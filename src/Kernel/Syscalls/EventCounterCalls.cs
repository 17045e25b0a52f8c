// System calls of counters that are files. man 2 eventfd.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;

namespace Jiffy.Kernel.Syscalls;

using static EventFlags;

internal static class EventCounterCalls
{
    public static long Create(uint count, int flags)
    {
        if ((flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK)) != 0)
            return -(long)Errno.EINVAL;
        return OpenCalls.Install(EventCounterOperations.Make(count, flags), flags);
    }
}
