// Nice values as weights, and time as virtual time. One step of nice changes a task's share against an equal by about ten per cent, so
// each weight is 1.25 times the next. The table is Linux's (sched_prio_to_weight), so that shares come out the same.
namespace Jiffy.Kernel.Sched;

public static class FairWeights
{
    /// <summary>The weight of nice 0.</summary>
    public const int One = 1024;

    /// <summary>The weight of SCHED_IDLE: next to nothing, but never starved.</summary>
    public const int Idle = 3;

    private static readonly int[] s_ofNice =
    {
        88761, 71755, 56483, 46273, 36291,
        29154, 23254, 18705, 14949, 11916,
        9548, 7620, 6100, 4904, 3906,
        3121, 2501, 1991, 1586, 1277,
        1024, 820, 655, 526, 423,
        335, 272, 215, 172, 137,
        110, 87, 70, 56, 45,
        36, 29, 23, 18, 15,
    };

    /// <summary>The weight of a nice value, -20 to 19.</summary>
    public static int OfNice(int nice) => s_ofNice[nice + 20];

    /// <summary>CPU time as virtual time: the heavier the task, the slower its clock.</summary>
    public static long ToVirtual(long nanoseconds, int weight) => weight == One ? nanoseconds : nanoseconds * One / weight;
}
