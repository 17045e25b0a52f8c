// Files with O_ASYNC on explored schedules: put on and off the list, and closed, while others tell those on it; nothing is left, and without memory
// nothing is changed. And a close that forgets the list, which must be caught.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Files;

public sealed class SignalListenerTests
{
    private const int Descriptor = 5;

    private static ExploreOptions Options(int cpus, int schedules) =>
        new() { Machine = new SimOptions { Cpus = cpus, MemoryBytes = 24 << 20, MaxSteps = 200_000 }, Schedules = schedules };

    private static Action<SimMachine> CloseBesideReads(EventFault fault) => machine =>
    {
        EventFaults.Set(fault);
        try
        {
            OpenFile? reader = null, writer = null;
            var kernel = FilesKernel.Start(machine);
            kernel.OnBoot += () => Assert.Equal(Errno.None, Pipe.Create(0, out reader, out writer));
            kernel.Spawn("listener", () =>
            {
                Write(writer!);
                Listen(writer!, on: true);
                Listen(writer!, on: false);
                Write(writer!);
                Listen(writer!, on: true);
                writer!.Drop();
            });
            kernel.Spawn("reader", () =>
            {
                Listen(reader!, on: true);
                while (Read(reader!))
                {
                }

                reader!.Drop();
            });
            kernel.RunAll();
            if (SignalListener.Pool.Used != 0)
                machine.Fail($"{SignalListener.Pool.Used} listeners are left");
        }
        finally
        {
            EventFaults.Set(EventFault.None);
        }
    };

    private static void Listen(OpenFile file, bool on) => Assert.Equal(Errno.None, file.SetListening(Descriptor, on));

    private static void Write(OpenFile file)
    {
        var from = new IoBuffer((ReadOnlySpan<byte>)new byte[1]);
        Assert.Equal(1, FileIo.Write(file, ref from).Value);
    }

    private static bool Read(OpenFile file)
    {
        var to = new IoBuffer((Span<byte>)new byte[1]);
        var result = FileIo.Read(file, ref to);
        Assert.True(result.IsOk);
        return result.Value > 0;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lists_and_closes_beside_signals_leave_nothing(int cpus) => Explore.Schedules(Options(cpus, 200), CloseBesideReads(EventFault.None));

    [Fact]
    public void A_closed_file_that_stays_on_the_list_is_caught() =>
        Explore.FindsFailure(Options(2, 100), CloseBesideReads(EventFault.ListensWhenClosed));

    [Fact]
    public void Without_memory_nothing_is_changed() => FilesKernel.Run(() =>
    {
        Assert.Equal(Errno.None, Pipe.Create(0, out var reader, out var writer));
        FaultInjection.Arm(Task.Current, 1);
        Assert.Equal(Errno.ENOMEM, reader!.SetListening(Descriptor, on: true));
        Assert.Equal(0, SignalListener.Pool.Used);
        FaultInjection.Arm(Task.Current, 0);
        Assert.Equal(Errno.None, reader.SetListening(Descriptor, on: true));
        Assert.Equal(Errno.None, reader.SetListening(Descriptor + 1, on: true));
        Assert.Equal(1, SignalListener.Pool.Used);
        reader.Drop();
        writer!.Drop();
        Assert.Equal(0, SignalListener.Pool.Used);
    });
}
