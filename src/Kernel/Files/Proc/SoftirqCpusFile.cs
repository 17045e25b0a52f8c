// /proc/sys/kernel/softirq/VECTOR/cpus: which CPUs serve a vector, as hexadecimal mask in the form of smp_affinity (bit n: CPU n, groups of
// 32 bits parted by commas). EINVAL: no such form, none of the CPUs exists, or the vector's work is its CPU's own and some CPU is missing.
// Process context. Linux has no such file; /proc/irq/N/smp_affinity is its model.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal sealed class SoftirqCpusFile : GeneratedFile
{
    private readonly SoftirqVector _vector;

    private SoftirqCpusFile(SoftirqVector vector) => _vector = vector;

    /// <summary>A directory for each vector. Boot.</summary>
    public static void AddTo(GeneratedNode kernel)
    {
        var softirq = kernel.AddDirectory("softirq");
        for (var vector = SoftirqVector.Hi; vector < SoftirqVector.Count; vector++)
            softirq.AddDirectory(SoftirqNames.Of(vector)).AddFile("cpus", new SoftirqCpusFile(vector), 0x1a4);
    }

    protected override Errno Generate(Inode inode, PagedText text)
    {
        var bits = Softirq.CpusOf(_vector).Bits;
        if (Cpu.Count > 32)
            text.Append($"{bits >> 32:x8},{bits & 0xffff_ffff:x8}\n");
        else
            text.Append($"{bits:x}\n");
        return Errno.None;
    }

    protected override Errno Accept(Inode inode, ReadOnlySpan<byte> text)
    {
        var parsed = TextParsing.CpuMask(text);
        return parsed.TryGet(out var cpus) ? Softirq.SetCpus(_vector, cpus) : parsed.Error;
    }
}
