// Turns services' results into what a system call returns.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Syscalls;

public static class SyscallResult
{
    public static long From(Errno error) => -(long)error;
    public static long From(Result<int> result) => result.IsOk ? result.Value : -(long)result.Error;
    public static long From(Result<long> result) => result.IsOk ? result.Value : -(long)result.Error;
    public static long From(Result<ulong> result) => result.IsOk ? (long)result.Value : -(long)result.Error;
}
