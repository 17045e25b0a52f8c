// A set of CPUs by index. A value: copying it is taking a snapshot.
using System.Numerics;

namespace Jiffy.Machine;

public struct CpuSet
{
    private ulong _bits;

    public CpuSet(ulong bits) => _bits = bits;

    public static CpuSet None => default;
    public static CpuSet Of(int cpu) => new(1UL << cpu);
    public static CpuSet FirstN(int count) => new(count >= 64 ? ulong.MaxValue : (1UL << count) - 1);

    /// <summary>The first 64 CPUs as a bit mask, bit n for CPU n: the ABI's form.</summary>
    public readonly ulong Bits => _bits;
    public readonly bool IsEmpty => _bits == 0;
    public readonly int Count => BitOperations.PopCount(_bits);
    public readonly bool Contains(int cpu) => (_bits >> cpu & 1) != 0;

    public void Add(int cpu) => _bits |= 1UL << cpu;
    public void Remove(int cpu) => _bits &= ~(1UL << cpu);

    public readonly CpuSet And(CpuSet other) => new(_bits & other._bits);
    public readonly CpuSet Or(CpuSet other) => new(_bits | other._bits);
    public readonly CpuSet Without(int cpu) => new(_bits & ~(1UL << cpu));
    public readonly bool Equals(CpuSet other) => _bits == other._bits;

    /// <summary>The lowest member at or above <paramref name="from"/>, or -1: <c>for (c = s.Next(0); c &gt;= 0; c = s.Next(c + 1))</c>.</summary>
    public readonly int Next(int from)
    {
        if (from >= 64)
            return -1;
        var rest = _bits >> from;
        return rest == 0 ? -1 : from + BitOperations.TrailingZeroCount(rest);
    }
}
