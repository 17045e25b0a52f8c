// System calls that open files: open, openat, openat2, creat, memfd_create; and umask. man 2 open, openat2, memfd_create.
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class OpenCalls
{
    private const uint MFD_CLOEXEC = 1;
    private const uint MFD_ALLOW_SEALING = 2;
    private const int LongestMemoryName = NAME_MAX - 6;

    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags, Mode, Resolve;
    }

    public static long Open(ulong path, int flags, uint mode) => OpenAt(AT_FDCWD, path, flags, mode);

    public static long Creat(ulong path, uint mode) => OpenAt(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);

    public static long OpenAt(int directory, ulong address, int flags, uint mode)
    {
        using var path = new UserPath();
        var error = path.Read(address);
        if (error != Errno.None)
            return SyscallResult.From(error);
        return Install(PathLookup.Open(directory, path.Bytes, flags, mode), flags);
    }

    public static long OpenAt2(int directory, ulong address, ulong how, ulong size)
    {
        if (size < 24)
            return -(long)Errno.EINVAL;
        if (size > 24)
            return -(long)Errno.E2BIG;
        if (!UserAccess.TryRead(how, out OpenHow wanted))
            return -(long)Errno.EFAULT;
        var makes = (wanted.Flags & (O_CREAT | O_TMPFILE & ~O_DIRECTORY)) != 0;
        if (wanted.Flags > int.MaxValue || wanted.Resolve != 0 || wanted.Mode > ModeBits || (wanted.Mode != 0 && !makes))
            return -(long)Errno.EINVAL;
        return OpenAt(directory, address, (int)wanted.Flags, (uint)wanted.Mode);
    }

    public static long MemoryFile(ulong address, uint flags)
    {
        if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING)) != 0)
            return -(long)Errno.EINVAL;
        System.Span<byte> name = stackalloc byte[LongestMemoryName + 1];
        var length = UserMemory.ReadString(address, name);
        if (length < 0)
            return -(long)Errno.EFAULT;
        if (length >= name.Length)
            return -(long)Errno.EINVAL;
        return Install(MemoryFiles.Create(name.Slice(0, length)), (flags & MFD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
    }

    public static long UMask(uint mask)
    {
        var context = Task.Current.FileContext!;
        var old = context.Mask;
        context.Mask = mask & 0x1ff;
        return old;
    }

    /// <summary>Gives a file just opened a descriptor, or closes it again.</summary>
    internal static long Install(Result<OpenFile> opened, int flags)
    {
        if (!opened.TryGet(out var file))
            return SyscallResult.From(opened.Error);
        var result = Task.Current.Files!.Install(file, (flags & O_CLOEXEC) != 0);
        if (!result.IsOk)
            file.Drop();
        return SyscallResult.From(result);
    }
}
