// /sys/kernel/debug/jiffy/lab, with the word "lab" on the kernel command line: the kernel's side of `jiffy lab`. Each experiment measures
// one setting, given as numbers, and tells rows of numbers; the tool on the host runs the settings and draws. Context: boot.
using Jiffy.Kernel.Files.Proc;
using Jiffy.Kernel.SelfTests;

namespace Jiffy.Kernel.Labs;

public static class LabFiles
{
    private const uint OwnerOnly = 0x180; // 0600

    /// <summary>Adds the file to the tree of /sys. Boot, after that tree was made.</summary>
    public static void Init(bool isOn)
    {
        if (!isOn || DriverFile.Create() is not { } labs)
            return;
        Samples.Init();
        HalvesLab.AddTo(labs);
        AffinityLab.AddTo(labs);
        WorkQueueLab.AddTo(labs);
        DeadlockLab.AddTo(labs);
        WheelLab.AddTo(labs);
        PreemptionLab.AddTo(labs);
        SleepLab.AddTo(labs);
        InversionLab.AddTo(labs);
        HerdLab.AddTo(labs);
        PipeLab.AddTo(labs);
        SystemFileSystem.Debug.AddDirectory("jiffy").AddFile("lab", labs, OwnerOnly);
    }
}
