// Self-test of kernel threads: stop with an exit code, stop before the first run, park and unpark, each of which waits to be obeyed.
// Guard: s_rounds is the thread's, read as a hint and when it stands still.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class KernelThreads
{
    private const int Answer = 42;

    private static int s_rounds;

    public static void AddTo(DriverFile tests)
    {
        tests.Add("kthreads", "1 2 4", "kernel threads: stop with an exit code, stop before the first run, park and unpark", static report => Run(report));
    }

    private static int Live()
    {
        while (!KernelThread.ShouldStop)
        {
            if (KernelThread.ShouldPark)
                KernelThread.ParkHere();
            Volatile.Write(ref s_rounds, s_rounds + 1);
            Sleep.For(Helper.Millisecond);
        }

        return Answer;
    }

    private static void Run(Report report)
    {
        Stopped(report);
        NeverRun(report);
        Parked(report);
    }

    private static Task Start() => Helper.Start("obedient"u8, Scheduler.Online.Count - 1, 0, static _ => Live());

    private static void Stopped(Report report)
    {
        s_rounds = 0;
        var thread = Start();
        Helper.WaitFor(static () => Volatile.Read(ref s_rounds) > 2);
        var answer = KernelThread.Stop(thread);
        var rounds = s_rounds;
        Sleep.For(10 * Helper.Millisecond);
        report.Equal(answer, Answer, "stopping a thread gives what its function returned");
        report.Equal(s_rounds, rounds, "and it has ended when stop returns: rounds");
    }

    private static void NeverRun(Report report)
    {
        s_rounds = 0;
        var made = KernelThread.Create("never"u8, static _ => Live());
        if (!made.IsOk)
            return;
        var answer = KernelThread.Stop(made.Value);
        report.That(answer == -(int)Errno.EINTR && s_rounds == 0, "one stopped before it first ran never runs its function");
    }

    private static void Parked(Report report)
    {
        s_rounds = 0;
        var thread = Start();
        Helper.WaitFor(static () => Volatile.Read(ref s_rounds) > 2);
        var error = KernelThread.Park(thread);
        var rounds = s_rounds;
        Scheduler.TryToWakeUp(thread, TaskState.Normal);
        Sleep.For(10 * Helper.Millisecond);
        report.That(error == Errno.None && s_rounds == rounds, "a parked thread stands still when park returns, and ordinary wake-ups do not move it");
        report.That(KernelThread.Park(thread) == Errno.EBUSY, "it is not parked twice");
        KernelThread.Unpark(thread);
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_rounds) > 5), "unparked it goes on");
        KernelThread.Park(thread);
        report.Equal(KernelThread.Stop(thread), Answer, "a parked one can be stopped");
    }
}
