// A call uses a descriptor's file without counting it where nobody else can close it: under all schedules the file is there as long as the call
// uses it, whether the other thread closes the descriptor, leaves the table, or both; and nothing is counted that need not be.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

public sealed class BorrowedFileTests
{
    private const int Number = 3;

    // One uses the file twice; another, with whom it shares the table, does something to the table and leaves it.
    private static Action<SimMachine> Share(EventFault fault, Action<FileTable> other) => machine =>
    {
        var small = new SmallCase(machine);
        FileTable table = null!;
        EventKernel.Run(machine, fault, kernel =>
        {
            kernel.OnBoot += () =>
            {
                Assert.True(FileTable.Create().TryGet(out table));
                table.AddUser();
            };
            small.Prepare = () => Install(table, EventKernel.Counter());
            kernel.Spawn("caller", small.Part(() =>
            {
                Use(machine, table);
                Use(machine, table);
                Leave();
            }), CpuSet.Of(0));
            kernel.Spawn("other", small.Part(() =>
            {
                Task.Current.Files = table;
                other(table);
                Leave();
            }), CpuSet.Of(1));
        });
    };

    private static void Use(SimMachine machine, FileTable table)
    {
        Task.Current.Files = table;
        var borrowed = BorrowedFile.Get(Number);
        if (borrowed.File is { } file)
        {
            for (var i = 0; i < 2; i++)
            {
                Cpu.Interleave();
                if (file.Users == 0)
                    machine.Fail("the file is gone while a call uses it");
            }
        }

        borrowed.Return();
    }

    private static void Leave()
    {
        var table = Task.Current.Files!;
        Task.Current.Files = null;
        table.Drop();
    }

    [Fact]
    public void A_file_is_there_while_a_call_uses_it_under_all_schedules()
    {
        Explore.All(Share(EventFault.None, static table => table.Close(Number)), Explore.Bound(1, 2));
        Explore.All(Share(EventFault.None, static _ => { }), Explore.Bound(1, 2));
        Explore.AllFindFailure(Share(EventFault.SharedFileUncounted, static table => table.Close(Number)));
    }

    [Fact]
    public void Only_files_of_shared_tables_are_counted() => FilesKernel.Run(() =>
    {
        Assert.True(FileTable.Create().TryGet(out var table));
        Task.Current.Files = table;
        Install(table, Pipe(out var other));
        var alone = BorrowedFile.Get(Number);
        Assert.Equal(1, alone.File!.Users);
        alone.Return();
        Assert.Equal(1, alone.File!.Users);

        table.AddUser();
        var shared = BorrowedFile.Get(Number);
        Assert.Equal(2, shared.File!.Users);
        shared.Return();
        Assert.Equal(1, shared.File!.Users);
        table.Drop();

        Assert.Null(BorrowedFile.Get(Number + 1).File);
        Assert.Null(BorrowedFile.Get(-1).File);
        Assert.Null(BorrowedFile.Get(int.MaxValue).File);
        other.Drop();
        Task.Current.Files = null;
        table.Drop();
        Assert.Null(BorrowedFile.Get(Number).File);
    });

    // The limit of descriptors is the process's.
    private static void Install(FileTable table, OpenFile file)
    {
        var process = ThreadGroup.Pooled.Create();
        process.Limits = ResourceLimits.ForInit(64);
        Task.Current.Group = process;
        Assert.True(table.InstallAt(Number, file, closeOnExec: false).IsOk);
        Task.Current.Group = null!;
    }

    private static OpenFile Pipe(out OpenFile writer)
    {
        Assert.Equal(Errno.None, Jiffy.Kernel.Ipc.Pipe.Create(0, out var reader, out var made));
        writer = made!;
        return reader!;
    }
}
