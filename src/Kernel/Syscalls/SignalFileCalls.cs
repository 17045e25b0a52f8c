// System calls of files that give signals. man 2 signalfd.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;

namespace Jiffy.Kernel.Syscalls;

using static EventFlags;

internal static class SignalFileCalls
{
    private const ulong SetBytes = 8;

    /// <summary>A new file, or with a descriptor another set for the one it is. EINVAL: no signal's file.</summary>
    public static long Create(int descriptor, ulong setAt, ulong setBytes, int flags)
    {
        if (setBytes != SetBytes)
            return -(long)Errno.EINVAL;
        if (!UserAccess.TryRead(setAt, out ulong bits))
            return -(long)Errno.EFAULT;
        if ((flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)) != 0)
            return -(long)Errno.EINVAL;
        var set = new SignalSet(bits);
        return descriptor == -1 ? OpenCalls.Install(SignalFileOperations.Make(set, flags), flags) : Change(descriptor, set);
    }

    private static long Change(int descriptor, SignalSet set)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var signals = SignalFileOperations.TryGet(file);
        var error = file.IsPathOnly ? Errno.EBADF : Errno.EINVAL;
        signals?.Change(set);
        file.Drop();
        return signals is null ? -(long)error : descriptor;
    }
}
