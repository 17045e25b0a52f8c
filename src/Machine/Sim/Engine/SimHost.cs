// What the simulated machine asks of the host: staying on one core, so that handing over the baton is a plain task switch, and
// not to let the thread that gets the baton push aside the one that gives it, which is about to sleep anyway.
using System;
using System.Runtime.InteropServices;

namespace Jiffy.Machine.Sim;

public static class SimHost
{
    private const int SchedBatch = 3;

    private static int s_core = -1;

    /// <summary>True once <see cref="PinToOneCore"/> has been called.</summary>
    public static bool IsPinned => s_core >= 0;

    /// <summary>
    /// Binds the calling thread, and every stack made from now on, to the core the caller is on. Hand-overs between
    /// cores take three to ten times as long. JIFFY_SIM_CORE in the environment names another core, so that processes side by side
    /// share none. Does nothing where the host cannot.
    /// </summary>
    public static void PinToOneCore()
    {
        if (!OperatingSystem.IsLinux())
            return;
        if (s_core < 0)
            s_core = int.TryParse(Environment.GetEnvironmentVariable("JIFFY_SIM_CORE"), out var core) ? core : CurrentCore();
        PinThisThread();
    }

    internal static void PinThisThread()
    {
        if (s_core is < 0 or > 63)
            return;
        var mask = 1UL << s_core;
        var priority = 0;
        _ = SetAffinity(0, sizeof(ulong), ref mask); // a host that refuses is only slower
        _ = SetScheduler(0, SchedBatch, ref priority);
    }

    [DllImport("libc", EntryPoint = "sched_setscheduler")]
    private static extern int SetScheduler(int thread, int policy, ref int priority);

    [DllImport("libc", EntryPoint = "sched_getcpu")]
    private static extern int CurrentCore();

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    private static extern int SetAffinity(int thread, nint bytes, ref ulong mask);
}
