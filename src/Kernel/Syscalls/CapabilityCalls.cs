// capget, capset, and prctl's options about capabilities. man 2 capget, man 2 prctl, man 7 capabilities.
// A task changes only its own; no lock. Another's sets are read with TaskTree.Lock, which keeps it there.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

internal static class CapabilityCalls
{
    private const int MostWords = 2;
    private const ulong VersionAt = 0, ProcessAt = 4;

    private const int PR_GET_KEEPCAPS = 7, PR_SET_KEEPCAPS = 8, PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24;
    private const int PR_GET_SECUREBITS = 27, PR_SET_SECUREBITS = 28, PR_CAP_AMBIENT = 47;
    private const int PR_CAP_AMBIENT_IS_SET = 1, PR_CAP_AMBIENT_RAISE = 2, PR_CAP_AMBIENT_LOWER = 3, PR_CAP_AMBIENT_CLEAR_ALL = 4;

    private static ref Capabilities Mine => ref Task.Current.Credentials.Capabilities;

    /// <summary>capget. Without <paramref name="to"/> it asks for the version.</summary>
    public static long Get(ulong header, ulong to)
    {
        var error = ReadVersion(header, out var words);
        if (error != Errno.None)
            return to == 0 && error == Errno.EINVAL ? 0 : SyscallResult.From(error);
        if (to == 0)
            return 0;
        if (!UserAccess.TryRead(header + ProcessAt, out int id))
            return -(long)Errno.EFAULT;
        if (id < 0)
            return -(long)Errno.EINVAL;
        Capabilities of;
        using (TaskTree.Lock.Acquire())
        {
            if ((id == 0 ? Task.Current : TaskTree.Find(id)) is not { } task)
                return -(long)Errno.ESRCH;
            of = task.Credentials.Capabilities;
        }

        Span<CapabilityWords> data = stackalloc CapabilityWords[MostWords];
        data[0] = new CapabilityWords { Effective = (uint)of.Effective, Permitted = (uint)of.Permitted, Inheritable = (uint)of.Inheritable };
        data[1] = new CapabilityWords
        {
            Effective = (uint)(of.Effective >> 32),
            Permitted = (uint)(of.Permitted >> 32),
            Inheritable = (uint)(of.Inheritable >> 32),
        };
        return UserAccess.TryWriteArray<CapabilityWords>(to, data.Slice(0, words)) ? 0 : -(long)Errno.EFAULT;
    }

    /// <summary>capset, of the caller only.</summary>
    public static long Set(ulong header, ulong from)
    {
        var error = ReadVersion(header, out var words);
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (!UserAccess.TryRead(header + ProcessAt, out int id))
            return -(long)Errno.EFAULT;
        if (id != 0 && id != Task.Current.Id)
            return -(long)Errno.EPERM;
        Span<CapabilityWords> data = stackalloc CapabilityWords[MostWords];
        data.Clear();
        if (!UserAccess.TryReadArray(from, data.Slice(0, words)))
            return -(long)Errno.EFAULT;
        return SyscallResult.From(Mine.Set(
            Join(data[0].Effective, data[1].Effective), Join(data[0].Permitted, data[1].Permitted), Join(data[0].Inheritable, data[1].Inheritable)));
    }

    private static ulong Join(uint low, uint high) => (low | (ulong)high << 32) & CapabilityAbi.All;

    // EINVAL: a version there is not; then the caller is told the one to use.
    private static Errno ReadVersion(ulong header, out int words)
    {
        words = 0;
        if (!UserAccess.TryRead(header + VersionAt, out uint version))
            return Errno.EFAULT;
        words = version == CapabilityAbi.Version1 ? 1 : 2;
        if (version is CapabilityAbi.Version1 or CapabilityAbi.Version2 or CapabilityAbi.Version3)
            return Errno.None;
        return UserAccess.TryWrite(header + VersionAt, CapabilityAbi.Version3) ? Errno.EINVAL : Errno.EFAULT;
    }

    /// <summary>What prctl does not know otherwise. EINVAL.</summary>
    public static long Prctl(int option, ulong a, ulong b, ulong c, ulong d)
    {
        switch (option)
        {
            case PR_GET_KEEPCAPS:
                return (Mine.SecureBits & CapabilityAbi.SECBIT_KEEP_CAPS) != 0 ? 1 : 0;
            case PR_SET_KEEPCAPS:
                return a > 1 ? -(long)Errno.EINVAL : SyscallResult.From(Mine.SetKeeps(a == 1));
            case PR_GET_SECUREBITS:
                return Mine.SecureBits;
            case PR_SET_SECUREBITS:
                return SyscallResult.From(Mine.SetSecureBits(a));
            case PR_CAPBSET_READ when a <= CapabilityAbi.Last:
                return Capabilities.IsIn(Mine.Bounding, (Capability)a) ? 1 : 0;
            case PR_CAPBSET_DROP:
                if (!Mine.Has(Capability.CAP_SETPCAP))
                    return -(long)Errno.EPERM;
                return a > CapabilityAbi.Last ? -(long)Errno.EINVAL : SyscallResult.From(Mine.Drop((Capability)a));
            case PR_CAP_AMBIENT:
                return Ambient(a, b, c, d);
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private static long Ambient(ulong how, ulong which, ulong c, ulong d)
    {
        if (c != 0 || d != 0 || which > CapabilityAbi.Last || (how == PR_CAP_AMBIENT_CLEAR_ALL && which != 0))
            return -(long)Errno.EINVAL;
        switch (how)
        {
            case PR_CAP_AMBIENT_IS_SET:
                return Capabilities.IsIn(Mine.Ambient, (Capability)which) ? 1 : 0;
            case PR_CAP_AMBIENT_RAISE:
                return SyscallResult.From(Mine.RaiseAmbient((Capability)which));
            case PR_CAP_AMBIENT_LOWER:
                Mine.LowerAmbient((Capability)which);
                return 0;
            case PR_CAP_AMBIENT_CLEAR_ALL:
                Mine.Ambient = 0;
                return 0;
            default:
                return -(long)Errno.EINVAL;
        }
    }
}
