// /sys/kernel/debug/jiffy/selftest, with the word "selftest" on the kernel command line: what each test shows stands in its own file of this
// room. Context: boot. Everything a test needs is made here, so that nothing is made while the kernel runs.
using Jiffy.Kernel.Files.Proc;

namespace Jiffy.Kernel.SelfTests;

public static class SelfTestFiles
{
    private const uint OwnerOnly = 0x180; // 0600

    /// <summary>Adds the file to the tree of /sys. Boot, after that tree was made.</summary>
    public static void Init(bool isOn)
    {
        if (!isOn || DriverFile.Create() is not { } tests)
            return;
        Contexts.AddTo(tests);
        KernelPreemption.AddTo(tests);
        Softirqs.AddTo(tests);
        TaskletRules.AddTo(tests);
        TaskQueueRules.AddTo(tests);
        OldWorkQueues.AddTo(tests);
        ManagedWorkQueues.AddTo(tests);
        KernelThreads.AddTo(tests);
        CoarseTimers.AddTo(tests);
        FineTimers.AddTo(tests);
        Sleeping.AddTo(tests);
        Waiting.AddTo(tests);
        Freezing.AddTo(tests);
        Torture.AddTo(tests);
        BrokenLocks.AddTo(tests);
        SystemFileSystem.Debug.AddDirectory("jiffy").AddFile("selftest", tests, OwnerOnly);
    }
}
