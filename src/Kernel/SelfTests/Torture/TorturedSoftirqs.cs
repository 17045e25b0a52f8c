// Softirqs, tasklets, task queues and bottom halves under torture: shared by all threads, and asked for from timers' callbacks, too. Every successful
// request is one run; a raise is seen by a handler that begins after it. Guards: counts are atomic; a tasklet is disabled and killed by its
// owner only. _requested and _handled count raises, by the CPU that raised.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class TorturedSoftirqs
{
    private const SoftirqVector Own = SoftirqVector.NetTransmit, Movable = SoftirqVector.NetReceive;
    private const int Tasklets = 4, Entries = 6;
    private const int Slot = 23;
    private const long Length = 10_000;

    private static TaskQueue s_queue = null!; // run by a bottom half of its own

    private static Request[] s_tasklets = null!, s_entries = null!;
    private static long[] s_requested = null!, s_handled = null!, s_requestedMovable = null!, s_handledMovable = null!;
    private static int[] s_running = null!;
    private static int s_halves, s_canTie;

    /// <summary>A tasklet or a task queue's entry, with its account.</summary>
    private sealed class Request
    {
        public readonly Tasklet Tasklet;
        public readonly TaskQueueEntry Entry;
        public int Asked, Run, Running;

        public Request()
        {
            Tasklet = new Tasklet(static tasklet => ((Request)tasklet.Data!).RunOnce(), this);
            Entry = new TaskQueueEntry(static data => ((Request)data!).RunAsHalf(), this);
        }

        private void RunOnce()
        {
            Torture.That(Interlocked.Exchange(ref Running, 1) == 0, "a tasklet runs on two CPUs at once");
            Helper.Spin((Run & 3) * Length); // long enough for others to come in between
            Interlocked.Increment(ref Run);
            Volatile.Write(ref Running, 0);
        }

        private void RunAsHalf()
        {
            Torture.That(Interlocked.Increment(ref s_halves) == 1, "two bottom halves run at once");
            Helper.Spin((Run & 3) * Length);
            Interlocked.Increment(ref Run);
            Interlocked.Decrement(ref s_halves);
        }
    }

    public static void Init()
    {
        s_tasklets = MakeRequests(Tasklets);
        s_entries = MakeRequests(Entries);
        s_queue = new TaskQueue();
        BottomHalf.Register(Slot, static () => s_queue.Run());
        s_requested = new long[Cpu.Count];
        s_handled = new long[Cpu.Count];
        s_requestedMovable = new long[Cpu.Count];
        s_handledMovable = new long[Cpu.Count];
        s_running = new int[Cpu.Count];
    }

    private static Request[] MakeRequests(int count)
    {
        var made = new Request[count];
        for (var i = 0; i < count; i++)
            made[i] = new Request();
        return made;
    }

    public static void Begin()
    {
        Softirq.Register(Own, static () => Handle());
        Softirq.Register(Movable, static origin => HandleFor(origin));
        s_halves = 0;
        s_canTie = 1;
        for (var cpu = 0; cpu < s_requested.Length; cpu++)
        {
            s_requested[cpu] = 0;
            s_handled[cpu] = 0;
            s_requestedMovable[cpu] = 0;
            s_handledMovable[cpu] = 0;
            s_running[cpu] = 0;
        }

        Forget(s_tasklets);
        Forget(s_entries);
    }

    private static void Forget(Request[] requests)
    {
        foreach (var request in requests.AsSpan())
        {
            request.Asked = 0;
            request.Run = 0;
        }
    }

    private static void Handle()
    {
        var cpu = Cpu.Id;
        Torture.That(Interlocked.Exchange(ref s_running[cpu], 1) == 0, "a softirq is served inside itself");
        s_handled[cpu] = Volatile.Read(ref s_requested[cpu]);
        Volatile.Write(ref s_running[cpu], 0);
    }

    // While the mask changes, two CPUs may be at it: the later request counts.
    private static void HandleFor(int origin)
    {
        var requested = Volatile.Read(ref s_requestedMovable[origin]);
        for (var handled = Volatile.Read(ref s_handledMovable[origin]); handled < requested; handled = Volatile.Read(ref s_handledMovable[origin]))
            Interlocked.CompareExchange(ref s_handledMovable[origin], requested, handled);
    }

    /// <summary>Something of all this, from any context.</summary>
    public static void Ask(int number)
    {
        var wereOn = Cpu.DisableInterrupts();
        var cpu = Cpu.Id;
        switch (number % 4)
        {
            case 0:
                Interlocked.Increment(ref s_requested[cpu]);
                Softirq.Raise(Own);
                break;
            case 1:
                Interlocked.Increment(ref s_requestedMovable[cpu]);
                Softirq.Raise(Movable);
                break;
            case 2:
                var tasklet = s_tasklets[number / 4 % Tasklets];
                Interlocked.Increment(ref tasklet.Asked); // before: it may run at once
                if (!(number / 32 % 2 == 0 ? tasklet.Tasklet.Schedule() : tasklet.Tasklet.ScheduleHigh()))
                    Interlocked.Decrement(ref tasklet.Asked);
                break;
            default:
                var entry = s_entries[number / 4 % Entries];
                Interlocked.Increment(ref entry.Asked);
                var isImmediate = number / 4 % 2 == 0; // an entry keeps to its queue: Entries is even
                if (!(isImmediate ? TaskQueue.Immediate : s_queue).Queue(entry.Entry))
                    Interlocked.Decrement(ref entry.Asked);
                BottomHalf.Mark(isImmediate ? BottomHalf.Immediate : Slot);
                break;
        }

        Cpu.RestoreInterrupts(wereOn);
    }

    public static void Step(int thread, ref TortureRandom random)
    {
        var own = thread < Tasklets ? s_tasklets[thread] : null;
        switch (random.Below(10))
        {
            case 0 when own is not null:
                own.Tasklet.Disable();
                Helper.Spin(random.Below(50_000));
                Torture.That(Volatile.Read(ref own.Running) == 0, "a disabled tasklet runs");
                own.Tasklet.Enable();
                break;
            case 1 when own is not null:
                own.Tasklet.Kill();
                break;
            case 2:
                TieToSome(ref random);
                break;
            case 3:
                Softirq.Disable();
                Ask(random.Below(1 << 20));
                Helper.Spin(random.Below(20_000));
                Softirq.Enable();
                break;
            default:
                Ask(random.Below(1 << 20));
                break;
        }
    }

    private static void TieToSome(ref TortureRandom random)
    {
        var vector = random.Below(2) == 0 ? Movable : SoftirqVector.Tasklet;
        if (Volatile.Read(ref s_canTie) != 0)
            Softirq.SetCpus(vector, new CpuSet((ulong)random.Below(1 << Scheduler.Online.Count)));
    }

    /// <summary>All threads have ended: everything asked for runs, then the counts are equal.</summary>
    public static void Settle()
    {
        Volatile.Write(ref s_canTie, 0);
        Softirq.SetCpus(Movable, CpuSet.FirstN(Cpu.Count));
        Softirq.SetCpus(SoftirqVector.Tasklet, CpuSet.FirstN(Cpu.Count));
        Torture.That(Helper.WaitFor(static () => AllHandled(s_requested, s_handled)), "a raised softirq was lost");
        Torture.That(Helper.WaitFor(static () => AllHandled(s_requestedMovable, s_handledMovable)), "a raised softirq was lost on its way to another CPU");
        Torture.That(Helper.WaitFor(static () => Sum(s_tasklets, asked: true) == Sum(s_tasklets, asked: false)), "a tasklet was lost, or ran twice");
        Torture.That(Helper.WaitFor(static () => Sum(s_entries, asked: true) == Sum(s_entries, asked: false)), "a task queue's entry was lost, or ran twice");
    }

    private static bool AllHandled(long[] requested, long[] handled)
    {
        for (var cpu = 0; cpu < requested.Length; cpu++)
        {
            if (Volatile.Read(ref requested[cpu]) != Volatile.Read(ref handled[cpu]))
                return false;
        }

        return true;
    }

    private static long Sum(Request[] requests, bool asked)
    {
        var sum = 0L;
        foreach (var request in requests.AsSpan())
            sum += Volatile.Read(ref asked ? ref request.Asked : ref request.Run);
        return sum;
    }

    private static long Sum(long[] values)
    {
        var sum = 0L;
        foreach (var value in values.AsSpan())
            sum += value;
        return sum;
    }

    public static void Tell(Report report)
    {
        report.Text.Append($"# softirqs: {Sum(s_requested)} raised, {Sum(s_requestedMovable)} of a vector tied to changing CPUs\n");
        report.Text.Append($"# tasklets: {Sum(s_tasklets, asked: true)} asked for, {Sum(s_tasklets, asked: false)} run\n");
        report.Text.Append($"# task queue entries: {Sum(s_entries, asked: true)} asked for, {Sum(s_entries, asked: false)} run\n");
    }
}
