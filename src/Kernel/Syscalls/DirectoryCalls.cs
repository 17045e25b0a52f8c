// System calls about directories and places: getdents, chdir, chroot, getcwd. man 2 of each.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class DirectoryCalls
{
    public static long GetDEnts(int descriptor, ulong to, uint size, bool is64)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var result = file.IsPathOnly ? -(long)Errno.EBADF : Read(file, to, size, is64);
        file.Drop();
        return result;
    }

    public static long ChDir(ulong path)
    {
        var resolved = StatCalls.Resolve(AT_FDCWD, path, 0);
        return resolved.TryGet(out var place) ? Enter(place, isRoot: false) : SyscallResult.From(resolved.Error);
    }

    public static long FChDir(int descriptor)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var place = file.Location;
        place.AddUser();
        file.Drop();
        return Enter(place, isRoot: false);
    }

    public static long ChRoot(ulong path)
    {
        var resolved = StatCalls.Resolve(AT_FDCWD, path, 0);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        if (Permission.Has(Capability.CAP_SYS_CHROOT))
            return Enter(place, isRoot: true);
        place.Drop();
        return -(long)Errno.EPERM;
    }

    public static long GetCwd(ulong to, ulong size)
    {
        var context = Task.Current.FileContext!;
        if (!FrameAllocator.TryTake(out var frame))
            return -(long)Errno.ENOMEM;
        var place = context.GetCurrent();
        var root = context.GetRoot();
        var text = Frames.Bytes(frame);
        var made = place.Entry.IsRemoved ? Errno.ENOENT : PathNaming.Write(place, root, text);
        var result = SyscallResult.From(made);
        if (made.TryGet(out var length))
        {
            text[length] = 0;
            var count = length + 1;
            result = (ulong)count > size ? -(long)Errno.ERANGE : UserMemory.TryWrite(to, text.Slice(0, count)) ? count : -(long)Errno.EFAULT;
        }

        place.Drop();
        root.Drop();
        FrameAllocator.Give(frame);
        return result;
    }

    private static long Read(OpenFile file, ulong to, uint size, bool is64)
    {
        if (!file.Inode.IsDirectory)
            return -(long)Errno.ENOTDIR;
        using (file.PositionLock.Acquire())
        {
            if (file.Location.Entry.IsRemoved)
                return -(long)Errno.ENOENT;
            var writer = new DirectoryWriter(file, to, (int)Math.Min(size, int.MaxValue), is64);
            var error = file.Operations.ReadDirectory(file, ref writer);
            if (error == Errno.None)
                FileNotify.Accessed(file);
            if (error == Errno.None)
                error = writer.Error;
            return writer.Written > 0 || error == Errno.None ? writer.Written : SyscallResult.From(error);
        }
    }

    // Takes the caller's use of the place over.
    private static long Enter(in Location place, bool isRoot)
    {
        var error = place.Inode.IsDirectory ? Permission.Check(place.Inode, X_OK) : Errno.ENOTDIR;
        if (error != Errno.None)
        {
            place.Drop();
            return SyscallResult.From(error);
        }

        var context = Task.Current.FileContext!;
        if (isRoot)
            context.SetRoot(place);
        else
            context.SetCurrent(place);
        return 0;
    }
}
