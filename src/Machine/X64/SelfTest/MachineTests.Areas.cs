// Self tests of kernel areas: contents, guard pages, and that no CPU goes on using an area that is gone.
using System;
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe partial class MachineTests
{
    private const int SmallArea = 2, LargeArea = 40, LastAreaRound = 20;

    // Main writes it when an area of that round is filled; the others answer by counting.
    private static int s_areaRound;
    private static int s_areaReads, s_staleAreaReads;

    private static KernelArea AreaOfRound(int round) => new(1000, (round & 1) == 0 ? SmallArea : LargeArea);

    private static void KernelAreas()
    {
        var (first, second) = (new KernelArea(0, LargeArea), new KernelArea(LargeArea + 1, SmallArea));
        Check(first.TryFill() && second.TryFill(), "kernel areas");
        Check(first.Bytes.Length == LargeArea * Frames.Size && Holds(first, 0), "an area of zeros");
        first.Bytes.Fill(1);
        second.Bytes.Fill(2);
        Check(Holds(first, 1) && Holds(second, 2), "two areas are apart");
        Check(s_table.Root != FrameNumber.None && ContentsIn(default, second) == 2 && ContentsIn(s_table, second) == 2, "every address space sees an area");
        ExpectAreaFault(first, LargeArea, "an area's guard page");
        ExpectAreaFault(second, SmallArea, "the last area's guard page");
        s_address = KernelArea.RangeStart;
        ExpectFault(static () => JumpTo(s_address), KernelFaultKind.BadAddress, s_address, "execution of an area");
        var before = TestKernel.FramesTaken;
        first.Empty();
        Check(TestKernel.FramesTaken == before - LargeArea, "an emptied area's frames");
        ExpectAreaFault(first, 0, "an emptied area");
        ExpectAreaFault(first, LargeArea - 1, "an emptied area's last page");
        Check(second.Bytes[SmallArea * Frames.Size - 1] == 2, "the other area stays");
        Check(first.TryFill() && Holds(first, 0), "an area filled again is of zeros");
        first.Empty();
        second.Empty();
    }

    private static bool Holds(KernelArea area, byte value)
    {
        foreach (var item in area.Bytes)
        {
            if (item != value)
                return false;
        }
        return true;
    }

    private static byte ContentsIn(PageTable table, KernelArea area)
    {
        table.Activate();
        var value = area.Bytes[Frames.Size];
        s_table.Activate();
        return value;
    }

    private static void ExpectAreaFault(KernelArea area, int page, string what)
    {
        s_address = KernelArea.RangeStart + ((ulong)(area.FirstPage + page) << Frames.Shift);
        ExpectFault(static () => WriteTo(s_address), KernelFaultKind.BadAddress, s_address, what);
    }

    // The other CPUs read each round's area, which lies where the last one's lay, over frames in another order.
    private static bool AreasReachOthers()
    {
        for (var round = 1; round <= LastAreaRound; round++)
        {
            var area = AreaOfRound(round);
            if (!area.TryFill())
                return false;
            area.Bytes.Fill((byte)round);
            Volatile.Write(ref s_areaReads, 0);
            Volatile.Write(ref s_areaRound, round);
            var giveUp = Clock.Now + 1_000_000_000;
            while (Volatile.Read(ref s_areaReads) < Cpu.Count - 1)
            {
                if (Clock.Now > giveUp)
                    return false;
                Cpu.Relax();
            }
            area.Empty();
        }
        return Volatile.Read(ref s_staleAreaReads) == 0;
    }

    /// <summary>Another processor's part: each round once.</summary>
    internal static void ReadAreas()
    {
        Instructions.EnableInterrupts();
        for (var seen = 0; seen < LastAreaRound;)
        {
            var round = Volatile.Read(ref s_areaRound);
            if (round == seen)
            {
                Cpu.Relax();
                continue;
            }
            seen = round;
            if (!Holds(AreaOfRound(round), (byte)round))
                Interlocked.Increment(ref s_staleAreaReads);
            Interlocked.Increment(ref s_areaReads);
        }
    }
}
