// A simulated machine: CPUs, memory, time and devices, and one host thread per kernel stack of which one runs at a time.
// The kernel's statics make it one machine per process; it is reset and used again for the next schedule.
// The host (a test) acts while the machine stands still: it boots it, types, looks at the kernel's objects, runs it on.
using System;
using System.Collections.Generic;
using System.Text;

namespace Jiffy.Machine.Sim;

/// <summary>Why a run came back to the host.</summary>
public enum RunResult { Quiescent, TimeUp, PoweredOff }

public sealed partial class SimMachine : IDisposable
{
    private static SimMachine? s_current;

    private readonly List<Fiber> _fibers = new();
    private readonly Trace _trace = new();
    private SimCpu[] _cpus = Array.Empty<SimCpu>();
    private string? _failure;
    private Exception? _failureCause;
    private RunResult _result;

    public SimMachine(SimOptions? options = null)
    {
        Options = options ?? new SimOptions();
        Schedule = new RandomWalk();
        Reset(Options, Schedule);
        s_current = this;
    }

    /// <summary>The machine whose memory and devices the contract's bodies use: the last one made. One with default options is made when there is none.</summary>
    public static SimMachine Current => s_current ?? new SimMachine();

    /// <summary>Tells a context's name in reports; the kernel's test harness sets it.</summary>
    public static Func<TaskContext, string>? NameTeller { get; set; }

    public SimOptions Options { get; private set; }

    /// <summary>Takes every decision that a real machine leaves to chance.</summary>
    public Schedule Schedule { get; private set; }

    /// <summary>A number that equals another run's only if both took the same steps.</summary>
    public ulong TraceHash => _trace.Hash;

    /// <summary>Observable steps so far.</summary>
    public long Steps => _trace.Count;

    /// <summary>The status given to <see cref="Power.Off"/>; null while the machine has not been switched off.</summary>
    public int? ExitStatus { get; private set; }

    /// <summary>The machine that runs notes places.</summary>
    public static bool KeepsPlaces => Current is { RecordsPlaces: true };

    /// <summary>Note the kernel's source line of every step; slow.</summary>
    public bool RecordsPlaces { get => _trace.RecordsPlaces; set => _trace.RecordsPlaces = value; }

    /// <summary>
    /// While true the schedule decides nothing: a CPU goes on as long as it can, interrupts come when they are due. For a test's preparations, so
    /// that what is explored is the test.
    /// </summary>
    public bool IsCalm { get; set; }

    internal Baton HostBaton { get; } = new();
    internal bool WantsStacks { get; private set; }

    /// <summary>Puts the machine into the state of one just switched on.</summary>
    public void Reset(SimOptions options, Schedule schedule)
    {
        AbandonAll();
        Options = options;
        Schedule = schedule;
        if (_cpus.Length != options.Cpus)
        {
            _cpus = new SimCpu[options.Cpus];
            for (var i = 0; i < _cpus.Length; i++)
                _cpus[i] = new SimCpu(i);
        }
        foreach (var cpu in _cpus)
            cpu.Reset();
        _trace.Clear();
        _failure = null;
        _failureCause = null;
        ExitStatus = null;
        IsCalm = false;
        ResetTime();
        ResetMemory();
        ResetDevices();
        ResetFaults();
        s_current = this;
    }

    /// <summary>Takes all stacks away. The machine can be reset and used again.</summary>
    public void Dispose()
    {
        AbandonAll();
        if (s_current == this)
            s_current = null;
    }

    /// <summary>Switches the machine on: the kernel at <see cref="KernelEntry.Instance"/> starts on CPU 0 and runs until nothing is left to do.</summary>
    public RunResult Boot(long maxNanoseconds = 60_000_000_000)
    {
        StartCpu(_cpus[0], new BootContext(), FiberEntry.BootPrimary);
        return RunToQuiescence(maxNanoseconds);
    }

    /// <summary>
    /// Runs until every CPU halts with nothing to come, the machine is switched off, or <paramref name="maxNanoseconds"/> of virtual time have passed.
    /// </summary>
    /// <exception cref="SimFailureException">The kernel failed, or the machine found a deadlock or a livelock.</exception>
    public RunResult RunToQuiescence(long maxNanoseconds = 60_000_000_000)
    {
        _timeLimit = _now > long.MaxValue - maxNanoseconds ? long.MaxValue : _now + maxNanoseconds;
        _result = RunResult.Quiescent;
        var first = NextCpuForHost();
        if (first is not null)
        {
            first.Running!.Resume();
            HostBaton.Take();
        }
        if (_failure is not null)
            throw Report();
        return ExitStatus is null ? _result : RunResult.PoweredOff;
    }

    /// <summary>Ends the run as a failure, from kernel code or the host.</summary>
    public void Fail(string reason)
    {
        if (Fiber.Current is { IsUnwinding: true })
            return; // code that is being unwound finds things half done
        RecordFailure(reason + "\n" + StackTexts.Here());
        if (Fiber.Current is { } fiber)
            fiber.StopMachine();
        throw Report();
    }

    /// <summary>A report on this run, with an exception of the host's as the reason.</summary>
    public SimFailureException ReportOf(Exception error)
    {
        RecordFailure(error);
        return Report();
    }

    internal static string NameOf(TaskContext? context)
    {
        if (context is null)
            return "-";
        if (NameTeller is not null && context is not BootContext)
            return NameTeller(context);
        return context.ToString() ?? context.GetType().Name;
    }

    internal void RecordFailure(string reason) => _failure ??= reason;

    internal void RecordFailure(Exception error)
    {
        if (_failure is not null)
            return;
        _failure = $"{error.GetType().Name} {error.Message}\n{StackTexts.Of(error)}";
        _failureCause = error;
    }

    /// <summary>First code of a new stack.</summary>
    internal void EnterKernel(Fiber fiber, FiberEntry entry)
    {
        switch (entry)
        {
            case FiberEntry.BootPrimary:
                fiber.Rename(KernelEntry.Instance.CreateIdle(0));
                KernelEntry.Instance.BootPrimary();
                RecordFailure("BootPrimary returned");
                break;
            case FiberEntry.BootSecondary:
                KernelEntry.Instance.BootSecondary();
                RecordFailure("BootSecondary returned");
                break;
            case FiberEntry.Body:
                ((BodyContext)fiber.Context).Body();
                TakePendingInterrupts(fiber);
                break;
            default:
                KernelEntry.Instance.StartTask(fiber.Previous!, fiber.Context);
                RunUserMode(fiber);
                break;
        }
    }

    internal Fiber MakeFiber(TaskContext context, FiberEntry entry)
    {
        var fiber = Fiber.Take(this, context, entry);
        context.Fiber = fiber;
        _fibers.Add(fiber);
        return fiber;
    }

    internal void ForgetFiber(Fiber fiber)
    {
        _fibers.Remove(fiber);
        if (fiber.Context.Fiber == fiber)
            fiber.Context.Fiber = null;
    }

    internal void StartCpu(SimCpu cpu, TaskContext context, FiberEntry entry)
    {
        var fiber = MakeFiber(context, entry);
        fiber.Cpu = cpu;
        cpu.Running = fiber;
        cpu.InterruptsOn = false;
        cpu.IsStarted = true;
        context.GrantStack();
    }

    // Each passes the baton to the one made before it: half as many hand-overs as one by one.
    private void AbandonAll()
    {
        if (_fibers.Count == 0)
            return;
        var next = HostBaton;
        foreach (var fiber in _fibers)
        {
            fiber.MarkAbandoned(next);
            next = fiber.Baton;
        }
        next.Give();
        HostBaton.Take();
    }

    private SimFailureException Report()
    {
        var text = new StringBuilder();
        text.AppendLine($"{_failure}");
        text.AppendLine($"  schedule: {Schedule.Describe()}, {_trace.Count} steps, {_now} ns");
        text.AppendLine("  interleaving (last steps):");
        text.Append(_trace.Tell());
        TellStacks(text);
        return new SimFailureException(text.ToString(), FirstLine(_failure!), _failureCause);
    }

    private void TellStacks(StringBuilder text)
    {
        WantsStacks = true;
        var running = new Fiber?[_cpus.Length];
        for (var i = 0; i < _cpus.Length; i++)
            running[i] = _cpus[i].Running;
        while (_fibers.Count > 0)
        {
            var fiber = _fibers[^1];
            fiber.Abandon(HostBaton);
            var cpu = Array.IndexOf(running, fiber);
            text.AppendLine($"  {(cpu < 0 ? "off CPU" : $"cpu{cpu}")} {NameOf(fiber.Context)}:");
            text.Append(fiber.StackText);
        }
        WantsStacks = false;
        var output = SerialText();
        if (output.Length > 0)
            text.AppendLine("  console:").AppendLine(output);
    }

    private static string FirstLine(string text)
    {
        var end = text.IndexOf('\n');
        return end < 0 ? text : text[..end];
    }

    /// <summary>What CPU 0 runs on until the kernel has made its first idle context.</summary>
    private sealed class BootContext : TaskContext
    {
        public override string ToString() => "boot";
    }
}
