// Switches, interrupts, time, user mode and memory of the simulated machine, under a kernel of two hundred lines.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Machine;

public sealed class TinyKernelTests
{
    [Fact]
    public void Tasks_take_turns_and_end() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new TinyKernel(machine);
        var order = new List<string>();
        foreach (var name in new[] { "a", "b", "c" })
            kernel.Spawn(name, () => { order.Add(name); kernel.Schedule(); order.Add(name); });
        Assert.Equal(RunResult.Quiescent, machine.Boot());
        Assert.Equal(0, kernel.Alive);
        Assert.Equal(6, order.Count);
    });

    [Fact]
    public void Sleepers_wake_in_order_of_their_virtual_time() => Explore.Schedules(SteadyTime, machine =>
    {
        var kernel = new TinyKernel(machine);
        var order = new List<int>();
        foreach (var seconds in new[] { 3, 1, 2 })
            kernel.Spawn($"sleeper{seconds}", () => { kernel.Sleep(seconds * 1_000_000_000L); order.Add(seconds); });
        machine.Boot();
        Assert.Equal([1, 2, 3], order);
        Assert.InRange(machine.Now, 3_000_000_000, 3_001_000_000);
    });

    private static readonly ExploreOptions SteadyTime = new() { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 300 };

    /// <summary>One waiter, one condition; the wrong order of test and queueing is the classic lost wake-up.</summary>
    private sealed class Gate
    {
        private readonly TinyKernel _kernel;
        private TinyTask? _waiter;
        private bool _isOpen;

        public Gate(TinyKernel kernel) => _kernel = kernel;

        public void Wait()
        {
            while (true)
            {
                _waiter = TinyTask.Current;
                TinyTask.Current.State = TinyState.Sleeping;
                Cpu.Interleave();
                if (_isOpen)
                    break;
                _kernel.Schedule();
            }
            TinyTask.Current.State = TinyState.Runnable;
        }

        public void WaitTestingBeforeQueueing()
        {
            while (!_isOpen)
            {
                Cpu.Interleave();
                _waiter = TinyTask.Current;
                TinyTask.Current.State = TinyState.Sleeping;
                _kernel.Schedule();
            }
        }

        public void Open()
        {
            _isOpen = true;
            Cpu.Interleave();
            if (_waiter is not null)
                _kernel.Wake(_waiter);
        }
    }

    private static void WaitAndOpen(SimMachine machine, Action<Gate> wait)
    {
        var kernel = new TinyKernel(machine);
        var gate = new Gate(kernel);
        var waiter = kernel.Spawn("waiter", () => wait(gate));
        kernel.Spawn("opener", gate.Open);
        machine.Boot();
        Assert.True(waiter.HasExited);
    }

    [Fact]
    public void A_waiter_never_misses_the_opening() =>
        Explore.Schedules(cpus: 2, machine => WaitAndOpen(machine, static gate => gate.Wait()), schedules: 3000);

    [Fact]
    public void Testing_before_queueing_loses_a_wake_up() =>
        Explore.FindsFailure(cpus: 2, machine => WaitAndOpen(machine, static gate => gate.WaitTestingBeforeQueueing()));

    [Fact]
    public void Typing_interrupts_the_serial_line() => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = new TinyKernel(machine);
        var typed = "";
        kernel.OnSerial = () =>
        {
            while (SerialPort.TryRead(out var value))
                typed += (char)value;
        };
        InterruptLines.Enable(InterruptLine.Serial);
        SerialPort.EnableReceive();
        machine.At(5000, () => machine.Type("ls\n"));
        machine.Boot();
        Assert.Equal("ls\n", typed);
    }, schedules: 50);

    [Fact]
    public void A_stack_that_waits_for_ever_is_quiet_and_can_be_woken_from_outside()
    {
        using var machine = new SimMachine(new SimOptions { Cpus = 2 });
        var kernel = new TinyKernel(machine);
        var sleeper = kernel.Spawn("sleeper", () => { TinyTask.Current.State = TinyState.Sleeping; kernel.Schedule(); });
        machine.Boot();
        Assert.False(sleeper.HasExited);
        kernel.Wake(sleeper);
        machine.RunToQuiescence();
        Assert.True(sleeper.HasExited);
    }

    [Fact]
    public void Freeing_a_stack_gives_back_its_frames_and_unwinds_it()
    {
        using var machine = new SimMachine(new SimOptions { Cpus = 1 });
        var kernel = new TinyKernel(machine);
        var before = kernel.FreeFrames;
        var unwound = false;
        var sleeper = kernel.Spawn("sleeper", () =>
        {
            try
            {
                TinyTask.Current.State = TinyState.Sleeping;
                kernel.Schedule();
            }
            finally
            {
                unwound = true;
            }
        });
        machine.Boot();
        sleeper.FreeStack();
        Assert.True(unwound);
        Assert.Equal(before, kernel.FreeFrames);
    }

    [Fact]
    public void An_exception_in_kernel_code_is_a_failure_with_its_stack()
    {
        using var machine = new SimMachine();
        var kernel = new TinyKernel(machine);
        kernel.Spawn("faulty", () => ThrowsNull(null!));
        var failure = Assert.Throws<SimFailureException>(() => machine.Boot());
        Assert.StartsWith("NullReferenceException", failure.Reason, StringComparison.Ordinal);
        Assert.Contains(nameof(ThrowsNull), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fault_offered_to_the_kernel_ends_only_the_task()
    {
        using var machine = new SimMachine(new SimOptions { Cpus = 2, FaultsGoToKernel = true });
        var kernel = new TinyKernel(machine);
        var faulty = kernel.Spawn("faulty", () => ThrowsNull(null!));
        var other = kernel.Spawn("other", () => { kernel.Sleep(1000); });
        Assert.Equal(RunResult.Quiescent, machine.Boot());
        Assert.True(faulty.HasExited);
        Assert.True(other.HasExited);
        Assert.Equal(KernelFaultKind.NullReference, kernel.LastFault);
    }

    [Fact]
    public void Power_off_ends_the_run_with_its_status()
    {
        using var machine = new SimMachine(new SimOptions { Cpus = 2 });
        var kernel = new TinyKernel(machine);
        kernel.Spawn("off", () => Power.Off(7));
        Assert.Equal(RunResult.PoweredOff, machine.Boot());
        Assert.Equal(7, machine.ExitStatus);
    }

    [Fact]
    public void Memory_failure_on_demand_is_undone()
    {
        using var machine = new SimMachine();
        var kernel = new TinyKernel(machine);
        var before = kernel.FreeFrames;
        for (var nth = 1; nth <= 4; nth++)
        {
            machine.FailNth(FaultKind.Frame, nth);
            Assert.False(new TinyTask("none", null).TryCreateStack());
            Assert.Equal(before, kernel.FreeFrames);
        }
    }

    [Fact]
    public void A_program_writes_forks_and_exits() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new TinyKernel(machine);
        SimPrograms.Clear();
        kernel.SpawnProgram("forker", SimPrograms.Register(new SimScript()
            .Do(user => user.Store(user.Data, "parent\nchild\n"u8))
            .Call(TinyKernel.Fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => user.SystemCall(TinyKernel.Write, 1, user.Data, 7))
            .Call(TinyKernel.Exit)
            .Label("child")
            .Do(user => user.SystemCall(TinyKernel.Write, 1, user.Data + 7, 6))
            .Call(TinyKernel.Exit)));
        machine.Boot();
        Assert.Equal(0, kernel.Alive);
        var text = machine.SerialText();
        Assert.True(text is "parent\nchild\n" or "child\nparent\n", text);
    }, schedules: 200);

    private static int ThrowsNull(string text) => text.Length;
}
