// sysfs: a fixed tree with what programs look for first: the CPUs, and empty classes of devices, of which there are none yet.
// One tree, however often it is mounted. Process context. Linux: fs/sysfs, drivers/base/cpu.c.
using System;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

public sealed class SystemFileSystem : FileSystemType
{
    private static readonly SystemFileSystem s_type = new();
    private static FileSystem s_instance = null!;

    /// <summary>/sys/kernel/debug; rooms above may add to it at start-up.</summary>
    internal static GeneratedNode Debug { get; private set; } = null!;

    public override string Name => "sysfs";
    public override uint Magic => 0x62656572;
    public override bool IsGenerated => true;

    /// <summary>Makes the tree and registers the kind. At start-up.</summary>
    public static void Init()
    {
        var top = new GeneratedNode(0x16d, 1);
        top.AddDirectory("block");
        top.AddDirectory("bus");
        top.AddDirectory("class");
        top.AddDirectory("dev");
        var system = top.AddDirectory("devices").AddDirectory("system");
        AddCpus(system.AddDirectory("cpu"));
        ClockSourceTexts.AddTo(system);
        top.AddDirectory("firmware");
        top.AddDirectory("fs");
        var kernel = top.AddDirectory("kernel");
        kernel.AddText("address_bits", static text => text.Append("64\n"u8));
        kernel.AddText("cpu_byteorder", static text => text.Append("little\n"u8));
        kernel.AddText("oops_count", static text => text.Append($"{FaultReport.Count}\n"));
        Debug = kernel.AddDirectory("debug");
        ProvokeFile.AddTo(Debug);
        top.AddDirectory("module");
        top.AddDirectory("power");
        var made = NodeNames.MakeFileSystem(s_type, top);
        Invariant.That(made.IsOk, "memory for the file system of devices");
        s_instance = made.Value;
        FileSystemTypes.Register(s_type);
    }

    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options)
    {
        s_instance.AddUser();
        return s_instance;
    }

    private static void AddCpus(GeneratedNode cpus)
    {
        cpus.AddText("online", static text => WriteSet(text, Scheduler.Online));
        cpus.AddText("offline", static text => WriteSet(text, new CpuSet(~Scheduler.Online.Bits).And(CpuSet.FirstN(Cpu.Count))));
        cpus.AddText("possible", static text => WriteSet(text, CpuSet.FirstN(Cpu.Count)));
        cpus.AddText("present", static text => WriteSet(text, CpuSet.FirstN(Cpu.Count)));
        cpus.AddText("kernel_max", static text => text.Append($"{Cpu.Max - 1}\n"));
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
        {
            var one = cpus.AddDirectory("cpu", cpu).AddDirectory("topology");
            one.AddText("core_id", static text => text.Append("0\n"u8));
        }
    }

    private static void WriteSet(PagedText text, CpuSet set)
    {
        CpuTexts.WriteList(set, text);
        text.AppendByte((byte)'\n');
    }
}
