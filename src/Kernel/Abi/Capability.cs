// Linux's capabilities by number, and the layouts and numbers of capget, capset and of prctl's options about them. man 7 capabilities, man 2 capget.
namespace Jiffy.Kernel.Abi;

public enum Capability
{
    CAP_CHOWN = 0,
    CAP_DAC_OVERRIDE = 1,
    CAP_DAC_READ_SEARCH = 2,
    CAP_FOWNER = 3,
    CAP_FSETID = 4,
    CAP_KILL = 5,
    CAP_SETGID = 6,
    CAP_SETUID = 7,
    CAP_SETPCAP = 8,
    CAP_LINUX_IMMUTABLE = 9,
    CAP_NET_BIND_SERVICE = 10,
    CAP_NET_BROADCAST = 11,
    CAP_NET_ADMIN = 12,
    CAP_NET_RAW = 13,
    CAP_IPC_LOCK = 14,
    CAP_IPC_OWNER = 15,
    CAP_SYS_MODULE = 16,
    CAP_SYS_RAWIO = 17,
    CAP_SYS_CHROOT = 18,
    CAP_SYS_PTRACE = 19,
    CAP_SYS_PACCT = 20,
    CAP_SYS_ADMIN = 21,
    CAP_SYS_BOOT = 22,
    CAP_SYS_NICE = 23,
    CAP_SYS_RESOURCE = 24,
    CAP_SYS_TIME = 25,
    CAP_SYS_TTY_CONFIG = 26,
    CAP_MKNOD = 27,
    CAP_LEASE = 28,
    CAP_AUDIT_WRITE = 29,
    CAP_AUDIT_CONTROL = 30,
    CAP_SETFCAP = 31,
    CAP_MAC_OVERRIDE = 32,
    CAP_MAC_ADMIN = 33,
    CAP_SYSLOG = 34,
    CAP_WAKE_ALARM = 35,
    CAP_BLOCK_SUSPEND = 36,
    CAP_AUDIT_READ = 37,
    CAP_PERFMON = 38,
    CAP_BPF = 39,
    CAP_CHECKPOINT_RESTORE = 40,
}

public static class CapabilityAbi
{
    public const int Last = (int)Capability.CAP_CHECKPOINT_RESTORE;

    /// <summary>Every one there is.</summary>
    public const ulong All = (1UL << Last + 1) - 1;

    // The versions of capget's header: one word of each set, or two.
    public const uint Version1 = 0x19980330, Version2 = 0x20071026, Version3 = 0x20080522;

    // Bits of PR_SET_SECUREBITS; each has a lock, the bit above it.
    public const uint SECBIT_NOROOT = 1, SECBIT_NO_SETUID_FIXUP = 4, SECBIT_KEEP_CAPS = 16, SECBIT_NO_CAP_AMBIENT_RAISE = 64;
    public const uint SecureBits = SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS | SECBIT_NO_CAP_AMBIENT_RAISE;
    public const uint SecureLocks = SecureBits << 1;
}

/// <summary>struct __user_cap_header_struct.</summary>
public struct CapabilityHeader
{
    public uint Version;
    public int ProcessId;
}

/// <summary>struct __user_cap_data_struct: one word of each set.</summary>
public struct CapabilityWords
{
    public uint Effective, Permitted, Inheritable;
}
