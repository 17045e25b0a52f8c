// Slots that move between pipes and files, under many interleavings, completely where the case is small, and with failing requests for
// memory: no byte is lost, doubled or changed, no frame is left, and everybody wakes in the end.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Files;

public sealed class SpliceTests
{
    private const int Bytes = 3 * Frames.Size + 500;

    private sealed class Ends
    {
        public readonly OpenFile Reader, Writer;

        public Ends(int bytes)
        {
            Assert.Equal(Errno.None, Pipe.Create(0, out var reader, out var writer));
            Reader = reader!;
            Writer = writer!;
            Assert.Equal(bytes, Pipe.SetCapacity((ulong)bytes).Value);
        }

        public Pipe Pipe => FifoOperations.TryGet(Reader)!;

        public void Drop()
        {
            Reader.Drop();
            Writer.Drop();
        }
    }

    private static void Run(SimMachine machine, PipeFault fault, Action<SchedulerKernel> spawn)
    {
        PipeFaults.Set(fault);
        try
        {
            var kernel = FilesKernel.Start(machine);
            kernel.OnBoot += FaultInjection.Init;
            spawn(kernel);
            kernel.RunAll();
        }
        finally
        {
            PipeFaults.Set(PipeFault.None);
        }
    }

    /// <summary>Files ask for the limits of the writer's process; these tasks have none by themselves.</summary>
    private static void BecomeProcess()
    {
        var process = ThreadGroup.Pooled.Create();
        process.Limits = ResourceLimits.ForInit(64);
        Task.Current.Group = process;
    }

    private static byte Pattern(int at) => (byte)(at * 31 + (at >> 8));

    private static int Write(OpenFile to, int start, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
            bytes[i] = Pattern(start + i);
        var from = new IoBuffer((ReadOnlySpan<byte>)bytes);
        return FileIo.Write(to, ref from).Value;
    }

    /// <summary>Reads up to so many bytes, which go on at <paramref name="start"/> in the pattern; how many.</summary>
    private static int Read(SimMachine machine, OpenFile from, int start, int count)
    {
        var bytes = new byte[count];
        var to = new IoBuffer((Span<byte>)bytes);
        var read = FileIo.Read(from, ref to).Value;
        for (var i = 0; i < read; i++)
        {
            if (bytes[i] != Pattern(start + i))
                machine.Fail($"byte {start + i} is {bytes[i]}, not {Pattern(start + i)}");
        }

        return read;
    }

    private static void ReadAll(SimMachine machine, OpenFile from, int bytes, int piece)
    {
        var at = 0;
        for (var read = 1; read > 0; at += read)
            read = Read(machine, from, at, piece);
        if (at != bytes)
            machine.Fail($"{at} bytes arrived of {bytes}");
    }

    // ---- Chains ----------------------------------------------------------------------------------------------------------------

    private static void Chain(SimMachine machine, PipeFault fault, bool withTee)
    {
        Run(machine, fault, kernel => kernel.Spawn("main", () =>
        {
            var first = new Ends(2 * Frames.Size);
            var second = new Ends(Frames.Size);
            var third = new Ends(Frames.Size);
            kernel.Spawn("writer", () =>
            {
                for (var at = 0; at < Bytes; at += 1700)
                    Write(first.Writer, at, Math.Min(1700, Bytes - at));
                first.Writer.Drop();
            });
            kernel.Spawn("mover", () =>
            {
                while (true)
                {
                    var shared = withTee ? first.Pipe.PassTo(third.Pipe, 3000, nonBlocking: false, keep: true).Value : 3000;
                    if (shared == 0 || Drain(first.Pipe, second.Pipe, shared) == 0)
                        break;
                }

                first.Reader.Drop();
                second.Writer.Drop();
                third.Writer.Drop();
            });
            kernel.Spawn("reader", () =>
            {
                ReadAll(machine, second.Reader, Bytes, 2900);
                second.Reader.Drop();
            });
            kernel.Spawn("other", () =>
            {
                ReadAll(machine, third.Reader, withTee ? Bytes : 0, 3100);
                third.Reader.Drop();
            });
        }));
        Assert.Equal(0, Pipe.Pool.Used);
    }

    // Moves just so much, as far as there is something to come.
    private static int Drain(Pipe from, Pipe to, int count)
    {
        var moved = 0;
        while (moved < count)
        {
            var step = from.PassTo(to, count - moved, nonBlocking: false, keep: false).Value;
            if (step == 0)
                break;
            moved += step;
        }

        return moved;
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public void Bytes_go_through_pipes_in_order_and_tee_lets_both_have_them(int cpus, bool withTee) =>
        Explored(cpus, 100, machine => Chain(machine, PipeFault.None, withTee));

    [Fact]
    public void A_tee_that_drops_a_reference_is_caught() => FindsFailure(2, machine => Chain(machine, PipeFault.DropsReference, withTee: true));

    // ---- From and to files -----------------------------------------------------------------------------------------------------

    private static OpenFile MakeFile(int bytes)
    {
        BecomeProcess();
        Assert.True(MemoryFiles.Create("splice"u8).TryGet(out var file));
        Assert.Equal(bytes, Write(file, 0, bytes));
        file.Position = 0;
        return file;
    }

    // Two bring pages of one file, each its half, by reference; one pipe of two slots takes them. A third writes; all arrives.
    private static void FromFile(SimMachine machine, PipeFault fault)
    {
        var sum = 0;
        Run(machine, fault, kernel => kernel.Spawn("main", () =>
        {
            var ends = new Ends(2 * Frames.Size);
            for (var i = 0; i < 2; i++)
            {
                ends.Writer.AddUser();
                kernel.Spawn($"splicer{i}", () =>
                {
                    var file = MakeFile(Bytes);
                    long position = -1;
                    while (Splice.FromFile(file, ref position, ends.Pipe, 1 << 20, nonBlocking: false).Value > 0)
                    {
                        position = -1;
                    }

                    file.Drop();
                    ends.Writer.Drop();
                });
            }

            kernel.Spawn("writer", () =>
            {
                for (var i = 0; i < 4; i++)
                    Write(ends.Writer, i, 3000);
                ends.Writer.Drop();
            });
            kernel.Spawn("reader", () =>
            {
                var bytes = new byte[5000];
                while (true)
                {
                    var to = new IoBuffer((Span<byte>)bytes);
                    var read = FileIo.Read(ends.Reader, ref to).Value;
                    if (read == 0)
                        break;
                    sum += read;
                }

                ends.Reader.Drop();
            });
        }));
        if (sum != 2 * Bytes + 4 * 3000)
            machine.Fail($"{sum} bytes arrived");
        Assert.Equal(0, Pipe.Pool.Used);
        Assert.Equal(0, OpenFile.Pool.Used);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Pages_of_files_find_the_slots_they_were_promised(int cpus) => Explored(cpus, 60, machine => FromFile(machine, PipeFault.None));

    [Fact]
    public void A_splice_that_is_promised_nothing_is_caught() => FindsFailure(2, machine => FromFile(machine, PipeFault.PromisesNothing));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_file_gets_what_was_written_to_the_pipe(int cpus) => Explored(cpus, 100, machine =>
    {
        Run(machine, PipeFault.None, kernel => kernel.Spawn("main", () =>
        {
            var ends = new Ends(Frames.Size);
            kernel.Spawn("writer", () =>
            {
                for (var at = 0; at < Bytes; at += 900)
                    Write(ends.Writer, at, Math.Min(900, Bytes - at));
                ends.Writer.Drop();
            });
            kernel.Spawn("splicer", () =>
            {
                var file = MakeFile(0);
                long position = -1;
                while (Splice.ToFile(ends.Pipe, file, ref position, 5000, nonBlocking: false).Value > 0)
                {
                }

                file.Position = 0;
                ReadAll(machine, file, Bytes, 4000);
                file.Drop();
                ends.Reader.Drop();
            });
        }));
        Assert.Equal(0, Pipe.Pool.Used);
        Assert.Equal(0, OpenFile.Pool.Used);
    });

    // ---- Small cases, completely -----------------------------------------------------------------------------------------------

    // The reader waits on CPU 0, beside another; a writer on CPU 1 brings two bytes.
    private static Action<SimMachine> Wakes(PipeFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        Ends ends = null!;
        Run(machine, fault, kernel =>
        {
            kernel.OnBoot += () => ends = new Ends(Frames.Size);
            void ReadOne() => Assert.Equal(1, ReadByte(ends.Reader));
            kernel.Spawn("reader1", small.Part(ReadOne), CpuSet.Of(0));
            kernel.Spawn("reader2", small.Part(ReadOne), CpuSet.Of(0));
            kernel.Spawn("writer", small.Part(() =>
            {
                Write(ends.Writer, 0, 1);
                Write(ends.Writer, 1, 1);
            }), CpuSet.Of(1));
        });
    };

    private static int ReadByte(OpenFile from)
    {
        var to = new IoBuffer(new Span<byte>(new byte[1]));
        return FileIo.Read(from, ref to).Value;
    }

    [Fact]
    public void All_schedules_of_a_writer_and_two_readers_wake_both()
    {
        Explore.All(Wakes(PipeFault.None), Explore.Bound(1, 2), Small);
        Explore.AllFindFailure(Wakes(PipeFault.WakesBeforeData), 2, Small);
    }

    // A tee and a read of the same slot on CPU 0 and 1, and the read of the copy.
    private static Action<SimMachine> Shares(PipeFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        Ends first = null!, second = null!;
        Run(machine, fault, kernel =>
        {
            kernel.OnBoot += () =>
            {
                first = new Ends(Frames.Size);
                second = new Ends(Frames.Size);
                Write(first.Writer, 0, 100);
            };
            kernel.Spawn("tee", small.Part(() =>
            {
                var shared = first.Pipe.PassTo(second.Pipe, 60, nonBlocking: true, keep: true);
                first.Writer.Drop();
                second.Writer.Drop();
                if (shared.IsOk)
                    ReadAll(machine, second.Reader, 60, 60);
                second.Reader.Drop();
            }), CpuSet.Of(0));
            kernel.Spawn("reader", small.Part(() =>
            {
                ReadAll(machine, first.Reader, 100, 100);
                first.Reader.Drop();
            }), CpuSet.Of(1));
        });
        Assert.Equal(0, Pipe.Pool.Used);
    };

    [Fact]
    public void All_schedules_of_a_tee_and_a_read_keep_the_bytes()
    {
        Explore.All(Shares(PipeFault.None), Explore.Bound(1, 2), Small);
        Explore.AllFindFailure(Shares(PipeFault.DropsReference), 2, Small);
    }

    private static SimOptions Small => new() { Cpus = 2, MemoryBytes = 24 << 20, MaxSteps = 500_000 };

    // ---- No memory -------------------------------------------------------------------------------------------------------------

    [Fact]
    public void Whatever_cannot_be_had_nothing_is_left_and_nothing_lost() => FilesKernel.Run(() =>
    {
        BecomeProcess();
        for (var nth = 1; nth < 40; nth++)
        {
            FaultInjection.Arm(Task.Current, nth);
            Operate();
            FaultInjection.Arm(Task.Current, 0);
        }
    });

    private static void Operate()
    {
        if (Pipe.Create(0, out var reader, out var writer) != Errno.None)
            return;
        if (Pipe.Create(0, out var otherReader, out var otherWriter) == Errno.None)
        {
            var first = FifoOperations.TryGet(reader!)!;
            var second = FifoOperations.TryGet(otherReader!)!;
            var resized = first.SetCapacity(1 << 20);
            Assert.Equal(resized.IsOk ? 1 << 20 : PipeRing.DefaultSlots * Frames.Size, first.Capacity);
            var file = MemoryFiles.Create("splice"u8);
            var written = Write(writer!, 0, 10000);
            if (file.IsOk && first.Count > 0)
            {
                Write(file.Value, 0, 5000);
                file.Value.Position = 0;
                long position = -1;
                var count = first.Count;
                var brought = Splice.FromFile(file.Value, ref position, first, 5000, nonBlocking: true);
                Assert.Equal(count + (brought.IsOk ? brought.Value : 0), first.Count);
            }

            var before = first.Count;
            if (before > 0)
            {
                Assert.Equal(Math.Min(before, 9000), first.PassTo(second, 9000, nonBlocking: true, keep: true).Value);
                Assert.Equal(before, first.Count);
            }

            _ = written;
            if (file.IsOk)
                file.Value.Drop();
            otherReader!.Drop();
            otherWriter!.Drop();
        }

        reader!.Drop();
        writer!.Drop();
    }

    private static void Explored(int cpus, int schedules, Action<SimMachine> body) => Explore.Schedules(Options(cpus, schedules), body);

    private static void FindsFailure(int cpus, Action<SimMachine> body) => Explore.FindsFailure(Options(cpus, 3000), body);

    private static ExploreOptions Options(int cpus, int schedules) => new()
    {
        Machine = new SimOptions { Cpus = cpus, MemoryBytes = 24 << 20, MaxSteps = 500_000 },
        Schedules = schedules,
    };
}
