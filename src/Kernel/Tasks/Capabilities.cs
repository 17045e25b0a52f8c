// What a task may do beyond others: five sets of rights, and how they change when it asks for that, when its user changes and when it becomes another
// program. Part of its credentials: a value, changed only by the task itself. Files have no capabilities here.
// Linux: security/commoncap.c. man 7 capabilities.
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Tasks;

using static Capability;
using static CapabilityAbi;

public struct Capabilities
{
    /// <summary>Those that come with the user id of files: setfsuid takes and gives them.</summary>
    private const ulong OfFiles = 1UL << (int)CAP_CHOWN | 1UL << (int)CAP_DAC_OVERRIDE | 1UL << (int)CAP_DAC_READ_SEARCH | 1UL << (int)CAP_FOWNER
        | 1UL << (int)CAP_FSETID | 1UL << (int)CAP_LINUX_IMMUTABLE | 1UL << (int)CAP_MKNOD | 1UL << (int)CAP_MAC_OVERRIDE;

    /// <summary>Effective counts when a right is asked for; it is taken from permitted. What a program keeps for the next: inheritable and ambient.</summary>
    public ulong Effective, Permitted, Inheritable, Bounding, Ambient;

    /// <summary>SECBIT_*: how little user 0 means.</summary>
    public uint SecureBits;

    /// <summary>Everything, as the first task has it.</summary>
    public static Capabilities OfSuperuser => new() { Effective = All, Permitted = All, Bounding = All };

    public readonly bool Has(Capability capability) => IsIn(Effective, capability);

    public static bool IsIn(ulong set, Capability capability) => (set >> (int)capability & 1) != 0;

    private readonly bool HasSecureBit(uint bit) => (SecureBits & bit) != 0;

    /// <summary>capset. EPERM: a set grows beyond what it may.</summary>
    public Errno Set(ulong effective, ulong permitted, ulong inheritable)
    {
        if (!Has(CAP_SETPCAP) && !IsWithin(inheritable, Inheritable | Permitted))
            return Errno.EPERM;
        if (!IsWithin(inheritable, Inheritable | Bounding) || !IsWithin(permitted, Permitted) || !IsWithin(effective, permitted))
            return Errno.EPERM;
        Effective = effective;
        Permitted = permitted;
        Inheritable = inheritable;
        Ambient &= permitted & inheritable;
        return Errno.None;
    }

    private static bool IsWithin(ulong set, ulong whole) => (set & ~whole) == 0;

    /// <summary>PR_CAPBSET_DROP. EPERM.</summary>
    public Errno Drop(Capability capability)
    {
        if (!Has(CAP_SETPCAP))
            return Errno.EPERM;
        Bounding &= ~(1UL << (int)capability);
        return Errno.None;
    }

    /// <summary>PR_CAP_AMBIENT_RAISE. EPERM: it is not both permitted and inheritable, or that is shut off.</summary>
    public Errno RaiseAmbient(Capability capability)
    {
        if (!IsIn(Permitted & Inheritable, capability) || HasSecureBit(SECBIT_NO_CAP_AMBIENT_RAISE))
            return Errno.EPERM;
        Ambient |= 1UL << (int)capability;
        return Errno.None;
    }

    /// <summary>PR_CAP_AMBIENT_LOWER.</summary>
    public void LowerAmbient(Capability capability) => Ambient &= ~(1UL << (int)capability);

    /// <summary>PR_SET_SECUREBITS. EPERM: a locked bit would change, a lock be opened, or the right is missing.</summary>
    public Errno SetSecureBits(ulong wanted)
    {
        var locked = (SecureBits & SecureLocks) >> 1;
        if ((wanted & ~(ulong)(CapabilityAbi.SecureBits | SecureLocks)) != 0 || ((wanted ^ SecureBits) & locked) != 0
            || (SecureBits & SecureLocks & ~wanted) != 0 || !Has(CAP_SETPCAP))
            return Errno.EPERM;
        SecureBits = (uint)wanted;
        return Errno.None;
    }

    /// <summary>PR_SET_KEEPCAPS. EPERM: locked.</summary>
    public Errno SetKeeps(bool keeps)
    {
        if (HasSecureBit(SECBIT_KEEP_CAPS << 1))
            return Errno.EPERM;
        SecureBits = keeps ? SecureBits | SECBIT_KEEP_CAPS : SecureBits & ~SECBIT_KEEP_CAPS;
        return Errno.None;
    }

    /// <summary>The user ids have changed.</summary>
    public void UserChanged(in Credentials before, in Credentials now)
    {
        if (HasSecureBit(SECBIT_NO_SETUID_FIXUP))
            return;
        if (before.IsAnyUserRoot && !now.IsAnyUserRoot)
        {
            if (!HasSecureBit(SECBIT_KEEP_CAPS))
                Permitted = Effective = 0;
            Ambient = 0;
        }

        if (before.EffectiveUserId == 0 && now.EffectiveUserId != 0)
            Effective = 0;
        else if (before.EffectiveUserId != 0 && now.EffectiveUserId == 0)
            Effective = Permitted;
    }

    /// <summary>setfsuid has changed the user id of files.</summary>
    public void FileUserChanged(uint before, uint now)
    {
        if (HasSecureBit(SECBIT_NO_SETUID_FIXUP))
            return;
        if (before == 0 && now != 0)
            Effective &= ~OfFiles;
        else if (before != 0 && now == 0)
            Effective |= OfFiles & Permitted;
    }

    /// <summary>access asks for the real user: what counts for it.</summary>
    public void BecomeReal(uint realUser)
    {
        if (!HasSecureBit(SECBIT_NO_SETUID_FIXUP))
            Effective = realUser == 0 ? Permitted : 0;
    }

    /// <summary>Becomes another program, with the ids that it has then. True: it has more rights than its caller's real user.</summary>
    public bool Exec(in Credentials now, bool changedIds)
    {
        var isRoot = !HasSecureBit(SECBIT_NOROOT);
        var isGranted = isRoot && (now.EffectiveUserId == 0 || now.UserId == 0);
        var isEffective = isRoot && now.EffectiveUserId == 0;
        if (changedIds)
            Ambient = 0;
        Permitted = (isGranted ? Inheritable | Bounding : 0) | Ambient;
        Effective = isEffective ? Permitted : Ambient;
        SecureBits &= ~SECBIT_KEEP_CAPS;
        return now.UserId != 0 && (isEffective || !IsWithin(Permitted, Ambient));
    }
}
