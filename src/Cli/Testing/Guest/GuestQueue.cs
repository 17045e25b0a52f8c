// Machines with cases to run, as many at a time as the host has processors for: one guest CPU each, and a guest with more CPUs than the host
// alone. Results come as they end, one at a time.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing.Guest;

/// <summary>A machine and the cases that share it.</summary>
internal sealed record GuestMachine(MachineOptions Options, IReadOnlyList<CaseRun> Runs);

internal sealed class GuestQueue(IReadOnlyList<GuestMachine> machines, Action<TestResult> report)
{
    private readonly int _processors = Environment.ProcessorCount;
    private readonly object _lock = new(); // guards _free, and lets one result be told at a time
    private int _free;

    /// <summary>Runs all, in order of their sizes.</summary>
    public void Run()
    {
        _free = _processors;
        var running = new List<Task>();
        foreach (var machine in machines.OrderBy(machine => machine.Options.Cpus))
        {
            var size = Math.Min(machine.Options.Cpus, _processors);
            Take(size);
            running.Add(Task.Factory.StartNew(() => RunOne(machine, size), TaskCreationOptions.LongRunning));
        }
        Task.WaitAll(running);
    }

    private void RunOne(GuestMachine machine, int size)
    {
        try
        {
            new BatchRunner(machine.Options, machine.Runs, Tell).Run();
        }
        catch (CliFailure failure)
        {
            Tell(new TestResult(machine.Runs[0].FullName, false, TimeSpan.Zero, failure.Message));
        }
        finally
        {
            Give(size);
        }
    }

    private void Tell(TestResult result)
    {
        lock (_lock)
            report(result);
    }

    private void Take(int processors)
    {
        lock (_lock)
        {
            while (_free < processors)
                Monitor.Wait(_lock);
            _free -= processors;
        }
    }

    private void Give(int processors)
    {
        lock (_lock)
        {
            _free += processors;
            Monitor.PulseAll(_lock);
        }
    }
}
