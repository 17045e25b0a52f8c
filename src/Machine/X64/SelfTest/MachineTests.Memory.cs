// Self tests of frames, page tables, user copies and the kernel's own protection.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static unsafe partial class MachineTests
{
    private const ulong UserPage = 0x40_0000, DemandPage = 0x50_0000, FarPage = 0x7fff_ffff_e000;
    private const PageFlags UserData = PageFlags.Present | PageFlags.Writable;

    private static PageTable s_table;
    private static int s_unrepaired;

    [RuntimeImport("*", "test_overflow"), MethodImpl(MethodImplOptions.InternalCall)] private static extern void Overflow();
    [RuntimeImport("*", "test_write"), MethodImpl(MethodImplOptions.InternalCall)] private static extern void WriteTo(ulong at);
    [RuntimeImport("*", "test_jump"), MethodImpl(MethodImplOptions.InternalCall)] private static extern void JumpTo(ulong at);

    private static void FramesAndTables()
    {
        Check(Frames.FreeRangeCount > 0 && Frames.Limit > 1024 && BootInfo.TotalFrames > 1024, "memory map");
        Check(BootInfo.HasOption("selftest=machine"u8) && !BootInfo.HasOption("selftest"u8), "options of the command line");
        Check(BootInfo.Ramdisk.Length == 0 || BootInfo.Ramdisk.StartsWith("070701"u8), "ramdisk");
        var before = TestKernel.FramesTaken;
        Check(PageTable.TryCreate(out var table), "page table");
        KernelEntry.Instance.TryTakeFrame(out var frame);
        Check(table.Read(UserPage).Flags == PageFlags.None, "an empty table");
        Check(table.TryWrite(UserPage, new PageEntry(frame, UserData | PageFlags.Software1)), "writing an entry");
        Check(table.TryWrite(FarPage, new PageEntry(frame, PageFlags.Present | PageFlags.Executable)), "writing the last entry");
        var entry = table.Read(UserPage);
        Check(entry.Frame == frame && entry.Flags == (UserData | PageFlags.Software1), "reading an entry back");
        var at = 0UL;
        Check(table.TryFindPresent(ref at, UserMemory.Limit, out _) && at == UserPage, "finding the first page");
        at += 4096;
        Check(table.TryFindPresent(ref at, UserMemory.Limit, out entry) && at == FarPage && entry.Flags == (PageFlags.Present | PageFlags.Executable), "finding the last page");
        table.Activate();
        var word = 5u;
        Check(UserMemory.TryWrite(UserPage, new ReadOnlySpan<byte>(&word, 4)), "writing user memory");
        entry = table.Exchange(UserPage, default);
        Check(entry.Flags == (UserData | PageFlags.Software1 | PageFlags.Accessed | PageFlags.Dirty), "accessed and dirty");
        table.Flush(CpuSet.Of(Cpu.Id), UserPage, UserPage + 4096);
        s_unrepaired = 0;
        Check(!UserMemory.TryWrite(UserPage, new ReadOnlySpan<byte>(&word, 4)) && s_unrepaired == 1, "a page that is gone");
        table.Exchange(FarPage, default);
        default(PageTable).Activate();
        table.Destroy();
        KernelEntry.Instance.GiveFrame(frame);
        Check(TestKernel.FramesTaken == before, "all frames given back");
        PageTable.TryCreate(out s_table);
        s_table.Activate();
    }

    /// <summary>The page fault handler of these tests: the demand page is filled in, others stay bad.</summary>
    internal static bool RepairsPage(ulong address, bool fromUser)
    {
        var page = address & ~4095UL;
        if (page != DemandPage)
        {
            s_unrepaired++;
            if (fromUser)
                Check(false, "unexpected page fault in user mode");
            return false;
        }
        KernelEntry.Instance.TryTakeFrame(out var frame);
        var context = Cpu.Current as TestContext;
        var table = context is null || context.Table.Root.IsNone ? s_table : context.Table;
        return table.TryWrite(page, new PageEntry(frame, UserData));
    }

    private static void UserCopies()
    {
        Span<byte> bytes = stackalloc byte[40];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(i + 1);
        Span<byte> back = stackalloc byte[40];
        Check(UserMemory.TryWrite(DemandPage + 100, bytes), "a write faults its page in");
        Check(UserMemory.TryRead(DemandPage + 100, back) && back.SequenceEqual(bytes), "reading back");
        Check(!UserMemory.TryRead(DemandPage + 4096 - 8, back), "a read over the end of memory");
        Check(!UserMemory.TryRead(UserMemory.Limit - 4, back) && !UserMemory.TryRead(ulong.MaxValue - 4, back), "addresses that are not user's");
        Check(!UserMemory.TryRead(AddressSpace.DirectMap, back), "a kernel address");
        Check(UserMemory.ReadString(DemandPage + 100, back) == 40, "a string that does not fit");
        Check(UserMemory.TryClear(DemandPage + 110, 3) && UserMemory.ReadString(DemandPage + 100, back) == 10, "a string that fits");
        Check(UserMemory.ReadString(DemandPage + 4096, back) == -1, "a string that is not there");
        Check(UserMemory.TryReadAtomic(DemandPage + 100, out var word) && word == 0x04030201, "an atomic read");
        s_unrepaired = 0;
        Check(!UserMemory.TryReadAtomic(DemandPage + 8192, out _) && s_unrepaired == 0, "an atomic read does not fault in");
        Check(UserMemory.TryCompareExchange(DemandPage + 100, 7, 0x04030201, out word) && word == 0x04030201, "compare and exchange");
        Check(UserMemory.TryReadAtomic(DemandPage + 100, out word) && word == 7, "what compare and exchange stored");
        Check(!UserMemory.TryCompareExchange(DemandPage + 8192, 7, 0, out _), "compare and exchange of nothing");
        Check(UserMemory.TryCompareExchangeAtomic(DemandPage + 100, 8, 7, out word) && word == 7, "compare and exchange without a fault");
        Check(UserMemory.TryReadAtomic(DemandPage + 100, out word) && word == 8, "what it stored");
        Check(!UserMemory.TryCompareExchangeAtomic(DemandPage + 8192, 7, 0, out _), "compare and exchange does not fault in");
        Check(ObjectHeap.TryReserve(3 << 20), "growth of the object heap");
    }

    private static void KernelFaults()
    {
        s_zero = 0;
        ExpectFault(static () => WriteTo(16), KernelFaultKind.NullReference, 16, "null dereference");
        ExpectFault(static () => WriteTo(ImageLayout.TextStart), KernelFaultKind.BadAddress, ImageLayout.TextStart, "write to code");
        ExpectFault(static () => WriteTo(ImageLayout.ConstantsStart), KernelFaultKind.BadAddress, ImageLayout.ConstantsStart, "write to constants");
        var alias = AddressSpace.DirectMap + ImageLayout.TextStart - AddressSpace.Image;
        s_address = alias;
        ExpectFault(static () => WriteTo(s_address), KernelFaultKind.BadAddress, alias, "write to code's alias");
        ExpectFault(static () => JumpTo(ImageLayout.DataStart), KernelFaultKind.BadAddress, ImageLayout.DataStart, "execution of data");
        s_address = AddressSpace.DirectMap + 0x100_0000;
        ExpectFault(static () => JumpTo(s_address), KernelFaultKind.BadAddress, s_address, "execution of memory");
        ExpectFault(static () => WriteTo(0x8000), KernelFaultKind.BadAddress, 0x8000, "low memory");
        if (Processor.HasSmap)
            ExpectFault(static () => WriteTo(DemandPage), KernelFaultKind.BadAddress, DemandPage, "user memory outside of user copies");
        if (Processor.HasSmep)
            ExpectFault(static () => JumpTo(DemandPage), KernelFaultKind.BadAddress, DemandPage, "execution of user memory");
        ExpectFault(static () => s_address = 1 / (ulong)s_zero, KernelFaultKind.DivideByZero, 0, "division by zero");
        ExpectFault(static () => s_words[s_words.Length + s_zero] = 1, KernelFaultKind.IndexOutOfRange, 0, "index out of range");
        ExpectFault(static () => Overflow(), KernelFaultKind.StackOverflow, 0, "stack overflow");
        ExpectFault(static () => Overflow(), KernelFaultKind.StackOverflow, 0, "second stack overflow");
    }

    private static ulong s_address;
    private static int s_zero = 1;
    private static readonly byte[] s_words = new byte[8];

    // Runs the body in a context of its own, which the fault ends. A zero address is not compared.
    private static void ExpectFault(Action body, KernelFaultKind kind, ulong address, string what)
    {
        TestKernel.FaultKind = KernelFaultKind.Other;
        TestKernel.FaultAddress = 0;
        RunInContext(body);
        Check(TestKernel.FaultKind == kind && (address == 0 || TestKernel.FaultAddress == address), what);
    }
}
