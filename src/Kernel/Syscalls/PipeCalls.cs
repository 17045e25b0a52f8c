// pipe, pipe2, F_SETPIPE_SZ and F_GETPIPE_SZ. man 2 pipe, fcntl.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class PipeCalls
{
    public static long Pipe(ulong to, int flags)
    {
        if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0)
            return -(long)Errno.EINVAL;
        var error = Ipc.Pipe.Create(flags & (O_NONBLOCK | O_DIRECT), out var reader, out var writer);
        if (error != Errno.None)
            return SyscallResult.From(error);
        return InstallBoth(reader!, writer!, (flags & O_CLOEXEC) != 0, to);
    }

    /// <summary>Gives two open files descriptors, which are written to <paramref name="to"/>; without them both are closed.</summary>
    internal static long InstallBoth(OpenFile reader, OpenFile writer, bool closeOnExec, ulong to)
    {
        var table = Task.Current.Files!;
        var first = table.Install(reader, closeOnExec);
        if (!first.IsOk)
        {
            reader.Drop();
            writer.Drop();
            return SyscallResult.From(first.Error);
        }

        var second = table.Install(writer, closeOnExec);
        if (!second.IsOk)
            writer.Drop();
        else if (UserAccess.TryWrite(to, first.Value) && UserAccess.TryWrite(to + sizeof(int), second.Value))
            return 0;
        else
            table.Close(second.Value);
        table.Close(first.Value);
        return second.IsOk ? -(long)Errno.EFAULT : SyscallResult.From(second.Error);
    }
}
