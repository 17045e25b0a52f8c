// Resource limits of a process. man 2 getrlimit. Guard: TaskTree.Lock for writing; single words are read bare.
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Tasks;

public enum Resource
{
    CPU = 0,
    FSIZE = 1,
    DATA = 2,
    STACK = 3,
    CORE = 4,
    RSS = 5,
    NPROC = 6,
    NOFILE = 7,
    MEMLOCK = 8,
    AS = 9,
    LOCKS = 10,
    SIGPENDING = 11,
    MSGQUEUE = 12,
    NICE = 13,
    RTPRIO = 14,
    RTTIME = 15,
    Count = 16,
}

public struct ResourceLimit
{
    public const ulong Infinity = ulong.MaxValue;

    public ulong Soft, Hard;

    public ResourceLimit(ulong soft, ulong hard)
    {
        Soft = soft;
        Hard = hard;
    }
}

[InlineArray((int)Resource.Count)]
public struct ResourceLimits
{
    private ResourceLimit _first;

    /// <summary>The limits the first process starts with: Linux's defaults.</summary>
    public static ResourceLimits ForInit(int maxThreads)
    {
        var limits = default(ResourceLimits);
        for (var i = 0; i < (int)Resource.Count; i++)
            limits[i] = new ResourceLimit(ResourceLimit.Infinity, ResourceLimit.Infinity);
        limits[(int)Resource.STACK] = new ResourceLimit(8 << 20, ResourceLimit.Infinity);
        limits[(int)Resource.CORE] = new ResourceLimit(0, ResourceLimit.Infinity);
        limits[(int)Resource.NPROC] = new ResourceLimit((ulong)maxThreads / 2, (ulong)maxThreads / 2);
        limits[(int)Resource.NOFILE] = new ResourceLimit(1024, 4096);
        limits[(int)Resource.MEMLOCK] = new ResourceLimit(8 << 20, 8 << 20);
        limits[(int)Resource.SIGPENDING] = new ResourceLimit((ulong)maxThreads / 2, (ulong)maxThreads / 2);
        limits[(int)Resource.MSGQUEUE] = new ResourceLimit(819200, 819200);
        limits[(int)Resource.NICE] = new ResourceLimit(0, 0);
        limits[(int)Resource.RTPRIO] = new ResourceLimit(0, 0);
        return limits;
    }
}
