// /proc/cpuinfo, and lists of CPUs as several files show them. Process context. Linux: arch/x86/kernel/cpu/proc.c.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class CpuTexts
{
    /// <summary>Names of the bits of <see cref="BootInfo.ProcessorFeatures"/> from bit 0 on, one space behind each; "-" has no name.</summary>
    private const string LowFeatures =
        "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe ";

    private const string HighFeatures =
        "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca sse4_1 sse4_2 x2apic movbe popcnt "
        + "tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor ";

    public static void WriteInformation(PagedText text)
    {
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            WriteOne(text, cpu);
    }

    /// <summary>A set as "0-3,6".</summary>
    public static void WriteList(CpuSet set, PagedText text)
    {
        var isFirst = true;
        for (var first = set.Next(0); first >= 0;)
        {
            var last = first;
            while (last + 1 < Cpu.Max && set.Contains(last + 1))
                last++;
            text.Append(isFirst ? default : ","u8);
            text.Append($"{first}");
            if (last > first)
                text.Append($"-{last}");
            isFirst = false;
            first = set.Next(last + 1);
        }
    }

    private static void WriteOne(PagedText text, int cpu)
    {
        var kilohertz = Clock.CyclesPerSecond / 1000;
        text.Append($"processor\t: {cpu}\nvendor_id\t: {BootInfo.ProcessorVendor}\ncpu family\t: {BootInfo.ProcessorFamily}\n");
        text.Append($"model\t\t: {BootInfo.ProcessorModel}\nmodel name\t: {BootInfo.ProcessorName}\nstepping\t: {BootInfo.ProcessorStepping}\n");
        text.Append($"cpu MHz\t\t: {kilohertz / 1000}.{kilohertz % 1000:d3}\nphysical id\t: {cpu}\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n");
        text.Append($"apicid\t\t: {cpu}\ninitial apicid\t: {cpu}\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 1\nwp\t\t: yes\nflags\t\t: ");
        WriteFeatures(text, LowFeatures, (uint)BootInfo.ProcessorFeatures);
        WriteFeatures(text, HighFeatures, (uint)(BootInfo.ProcessorFeatures >> 32));

        // Every processor that runs this kernel has these.
        text.Append("syscall nx lm\nbugs\t\t:\n"u8);
        text.Append($"bogomips\t: {kilohertz / 500}.{kilohertz / 5 % 100:d2}\nclflush size\t: 64\ncache_alignment\t: 64\n");
        text.Append("address sizes\t: 40 bits physical, 48 bits virtual\npower management:\n\n"u8);
    }

    // Names of the set bits, a space behind each.
    private static void WriteFeatures(PagedText text, string names, uint bits)
    {
        var rest = names.AsSpan();
        for (; bits != 0; bits >>= 1)
        {
            var length = rest.IndexOf(' ') + 1;
            if (length == 0)
                return;
            if ((bits & 1) != 0 && rest[0] != '-')
                text.Append(rest.Slice(0, length), 0);
            rest = rest.Slice(length);
        }
    }
}
