// The fixed table of deferred work, best first. Numbers and names as /proc/softirqs shows them. Linux: enum HI_SOFTIRQ ...
namespace Jiffy.Kernel.Deferred;

public enum SoftirqVector
{
    Hi,
    Timer,
    NetTransmit,
    NetReceive,
    Block,
    IrqPoll,
    Tasklet,
    Sched,
    HighResolutionTimer,
    Rcu,
    Count,
}

public static class SoftirqNames
{
    private static readonly string[] s_names = { "HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU" };

    public static string Of(SoftirqVector vector) => s_names[(int)vector];
}
