// Pipes under many interleavings: nothing is lost, torn or forgotten, and everybody wakes in the end.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

public sealed class PipeTests
{
    private const int RecordBytes = 1000;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(2, 2, 2)]
    public void Every_record_arrives_whole_and_the_end_is_seen(int cpus, int writers, int readers) => Explored(cpus, 150, machine =>
    {
        const int Records = 12;
        var kernel = FilesKernel.Start(machine);
        var seen = new int[writers];
        kernel.Spawn("main", () =>
        {
            Assert.Equal(Errno.None, Pipe.Create(0, out var reader, out var writer));
            Assert.Equal(4096, FifoOperations.TryGet(reader!)!.SetCapacity(4096).Value);
            for (var i = 0; i < writers; i++)
            {
                var number = (byte)i;
                writer!.AddUser();
                kernel.Spawn($"writer{i}", () => WriteRecords(writer, number, Records));
            }

            for (var i = 0; i < readers; i++)
            {
                reader!.AddUser();
                kernel.Spawn($"reader{i}", () => ReadRecords(reader, seen));
            }

            writer!.Drop();
            reader!.Drop();
        });
        kernel.RunAll();
        foreach (var count in seen)
            Assert.Equal(Records, count);
        Assert.Equal(0, Pipe.Pool.Used);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_fifo_opens_when_both_ends_are_there(int cpus) => Explored(cpus, 150, machine =>
    {
        var kernel = FilesKernel.Start(machine);
        var got = 0;
        kernel.OnBoot += () => Assert.True(NameMaking.MakeLocked(RootFileSystem.Top().Entry, "fifo"u8, FileConstants.S_IFIFO | 0x180, default, default).IsOk);
        kernel.Spawn("reader", () =>
        {
            Assert.True(PathLookup.Open(FileConstants.AT_FDCWD, "/fifo"u8, FileConstants.O_RDONLY, 0).TryGet(out var file));
            got = ReadOne(file);
            Assert.Equal(0, ReadOne(file));
            file.Drop();
        });
        kernel.Spawn("writer", () =>
        {
            Assert.True(PathLookup.Open(FileConstants.AT_FDCWD, "/fifo"u8, FileConstants.O_WRONLY, 0).TryGet(out var file));
            var from = new IoBuffer("x"u8);
            Assert.Equal(1, FileIo.Write(file, ref from).Value);
            file.Drop();
        });
        kernel.RunAll();
        Assert.Equal(1, got);
        Assert.Equal(0, Pipe.Pool.Used);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_poller_hears_of_the_first_byte(int cpus) => Explored(cpus, 200, machine =>
    {
        var kernel = FilesKernel.Start(machine);
        OpenFile? reader = null, writer = null;
        kernel.OnBoot += () => Assert.Equal(Errno.None, Pipe.Create(0, out reader, out writer));
        kernel.Spawn("poller", () =>
        {
            Assert.True(Poller.Create().TryGet(out var table));
            var asked = table;
            while ((Poller.Ask(reader!, FileConstants.POLLIN, asked) & FileConstants.POLLIN) == 0)
            {
                asked = null;
                Assert.Equal(Errno.None, table.Wait(long.MaxValue));
            }

            table.Close();
            reader!.Drop();
        });
        kernel.Spawn("writer", () =>
        {
            var from = new IoBuffer("x"u8);
            Assert.Equal(1, FileIo.Write(writer!, ref from).Value);
            writer!.Drop();
        });
        kernel.RunAll();
        Assert.Equal(0, OpenFile.Pool.Used);
    });

    [Fact]
    public void The_ring_keeps_order_over_every_size() => FilesKernel.Run(() =>
    {
        var ring = new PipeRing();
        ring.Reset(PipeRing.DefaultSlots);
        var random = new Random(1);
        var expected = new Queue<byte>();
        byte next = 0;
        for (var step = 0; step < 1500; step++)
        {
            if (random.Next(50) == 0)
                ring.Resize(1 << random.Next(7));
            if (random.Next(2) == 0)
                Fill(ring, random.Next(9000), expected, ref next);
            else
                Empty(ring, random.Next(9000), expected);
            Assert.Equal(expected.Count, ring.Count);
        }

        ring.Clear();
    });

    private static void Fill(PipeRing ring, int count, Queue<byte> expected, ref byte next)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
            bytes[i] = (byte)(next + i);
        var from = new IoBuffer((ReadOnlySpan<byte>)bytes);
        var written = ring.Write(ref from, packets: false, out _);
        for (var i = 0; i < written; i++)
            expected.Enqueue(bytes[i]);
        next += (byte)written;
    }

    private static void Empty(PipeRing ring, int count, Queue<byte> expected)
    {
        var bytes = new byte[count];
        var to = new IoBuffer((Span<byte>)bytes);
        var read = ring.Read(ref to);
        for (var i = 0; i < read; i++)
            Assert.Equal(expected.Dequeue(), bytes[i]);
    }

    private static void WriteRecords(OpenFile file, byte number, int records)
    {
        var record = new byte[RecordBytes];
        Array.Fill(record, number);
        for (var i = 0; i < records; i++)
        {
            var from = new IoBuffer((ReadOnlySpan<byte>)record);
            Assert.Equal(RecordBytes, FileIo.Write(file, ref from).Value);
        }

        file.Drop();
    }

    // A read of one record's size gets one whole record: writes are atomic, and only whole records are in the pipe.
    private static void ReadRecords(OpenFile file, int[] seen)
    {
        var record = new byte[RecordBytes];
        while (true)
        {
            var to = new IoBuffer((Span<byte>)record);
            var count = FileIo.Read(file, ref to).Value;
            if (count == 0)
                break;
            Assert.Equal(RecordBytes, count);
            foreach (var letter in record)
                Assert.Equal(record[0], letter);
            seen[record[0]]++;
        }

        file.Drop();
    }

    private static int ReadOne(OpenFile file)
    {
        var to = new IoBuffer(new Span<byte>(new byte[8]));
        return FileIo.Read(file, ref to).Value;
    }

    private static void Explored(int cpus, int schedules, Action<SimMachine> body)
    {
        var options = new ExploreOptions { Machine = new SimOptions { Cpus = cpus, MemoryBytes = 24 << 20 }, Schedules = schedules };
        Explore.Schedules(options, body);
    }
}
