// Page tables in frames, translation caches per CPU, and the search for missing flushes.
using System;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Machine;

public sealed class TranslationTests
{
    private const PageFlags ReadWrite = PageFlags.Present | PageFlags.Writable;

    [Fact]
    public void A_table_keeps_what_is_written_and_gives_all_frames_back()
    {
        using var machine = new SimMachine();
        var kernel = new TinyKernel(machine);
        var before = kernel.FreeFrames;
        Assert.True(PageTable.TryCreate(out var table));
        Assert.True(kernel.TryTakeFrame(out var frame));
        Assert.True(table.TryWrite(0x7fff_0000_0000, new PageEntry(frame, ReadWrite | PageFlags.Software1)));
        Assert.True(table.TryWrite(0x40_0000, new PageEntry(frame, ReadWrite)));
        Assert.Equal(frame, table.Read(0x40_0000).Frame);
        Assert.Equal(default, table.Read(0x40_1000));

        ulong address = 0;
        Assert.True(table.TryFindPresent(ref address, UserMemory.Limit, out _));
        Assert.Equal(0x40_0000UL, address);
        address += Frames.Size;
        Assert.True(table.TryFindPresent(ref address, UserMemory.Limit, out var found));
        Assert.Equal(0x7fff_0000_0000UL, address);
        Assert.Equal(ReadWrite | PageFlags.Software1, found.Flags);

        Assert.Equal(frame, table.Exchange(0x40_0000, default).Frame);
        table.Exchange(0x7fff_0000_0000, default);
        address = 0;
        Assert.False(table.TryFindPresent(ref address, UserMemory.Limit, out _));
        table.Destroy();
        kernel.GiveFrame(frame);
        Assert.Equal(before, kernel.FreeFrames);
    }

    [Fact]
    public void Accesses_set_the_accessed_and_dirty_bits() => InTask(cpus: 1, (kernel, table) =>
    {
        kernel.TryTakeFrame(out var frame);
        table.TryWrite(0x1000, new PageEntry(frame, ReadWrite));
        Span<byte> bytes = stackalloc byte[8];
        Assert.True(UserMemory.TryRead(0x1ff0, bytes));
        Assert.Equal(ReadWrite | PageFlags.Accessed, table.Read(0x1000).Flags);
        Assert.True(UserMemory.TryWrite(0x1ff0, "Jiffy"u8));
        Assert.Equal(ReadWrite | PageFlags.Accessed | PageFlags.Dirty, table.Read(0x1000).Flags);
        Assert.Equal(5, UserMemory.ReadString(0x1ff0, bytes));
        Assert.True(bytes[..5].SequenceEqual("Jiffy"u8));
    });

    [Fact]
    public void Copies_fault_memory_in_over_page_ends_and_fail_where_the_kernel_refuses() => InTask(cpus: 1, (kernel, table) =>
    {
        var bytes = new byte[10000];
        bytes.AsSpan().Fill(7);
        Assert.True(UserMemory.TryWrite(0x5ff8, bytes));
        var back = new byte[10000];
        Assert.True(UserMemory.TryRead(0x5ff8, back));
        Assert.Equal(bytes, back);
        Assert.True(UserMemory.TryClear(0x6000, 4096));
        Assert.False(UserMemory.TryRead(0x10, back));
        Assert.False(UserMemory.TryRead(UserMemory.Limit, back));
        Assert.False(UserMemory.TryReadAtomic(0x9_0000, out _));
        Assert.True(UserMemory.TryCompareExchange(0x6000, 5, 0, out var previous));
        Assert.Equal(0u, previous);
        Assert.True(UserMemory.TryReadAtomic(0x6000, out var value));
        Assert.Equal(5u, value);
    });

    [Fact]
    public void A_translation_stays_until_it_is_flushed() => InTask(cpus: 1, (kernel, table) =>
    {
        kernel.TryTakeFrame(out var old);
        kernel.TryTakeFrame(out var other);
        Frames.Bytes(old)[0] = 1;
        Frames.Bytes(other)[0] = 2;
        Span<byte> value = stackalloc byte[1];
        table.TryWrite(0x1000, new PageEntry(old, ReadWrite));
        UserMemory.TryRead(0x1000, value);
        table.Exchange(0x1000, new PageEntry(other, ReadWrite));
        UserMemory.TryRead(0x1000, value);
        Assert.Equal(1, value[0]);
        table.Flush(CpuSet.None, 0x1000, 0x2000);
        UserMemory.TryRead(0x1000, value);
        Assert.Equal(2, value[0]);
    });

    /// <summary>Two threads share a table; one writes to its page for ever, the other one takes the page away and flushes, or forgets to.</summary>
    private sealed class Unmapper : ISimProgram
    {
        public void Step(SimUser user)
        {
            switch (user.Step)
            {
                case 0:
                    user.Store(user.Data, 1);
                    break;
                case 1:
                    user.SystemCall(TinyKernel.Fork);
                    break;
                case 2 when user.Result == 0:
                    user.Jump(10);
                    break;
                case 2:
                    user.SystemCall(TinyKernel.Unmap, user.Data);
                    break;
                case >= 10 and < 20:
                    user.Load(user.Data);
                    break;
                default:
                    user.SystemCall(TinyKernel.Exit);
                    break;
            }
        }
    }

    private static void Unmap(SimMachine machine, bool skipsFlush)
    {
        var kernel = new TinyKernel(machine) { SkipsFlush = skipsFlush };
        SimPrograms.Clear();
        kernel.SpawnProgram("unmapper", SimPrograms.Register(new Unmapper()));
        machine.Boot();
        Assert.Equal(0, kernel.Alive);
    }

    [Fact]
    public void Unmapping_with_a_flush_is_seen_by_all() =>
        Explore.Schedules(cpus: 2, static machine => Unmap(machine, skipsFlush: false), schedules: 300);

    [Fact]
    public void Unmapping_without_a_flush_is_caught()
    {
        var found = Explore.FindsFailure(cpus: 2, static machine => Unmap(machine, skipsFlush: true));
        Assert.StartsWith("missing flush", found.Failure!.Reason, StringComparison.Ordinal);
    }

    private static void InTask(int cpus, Action<TinyKernel, PageTable> body)
    {
        using var machine = new SimMachine(new SimOptions { Cpus = cpus });
        var kernel = new TinyKernel(machine);
        PageTable.TryCreate(out var table);
        var task = kernel.Spawn("body", () => body(kernel, table));
        task.Table = table;
        machine.Boot();
        Assert.True(task.HasExited);
    }
}
