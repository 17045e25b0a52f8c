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
    public static string Of(SoftirqVector vector) => vector switch
    {
        SoftirqVector.Hi => "HI",
        SoftirqVector.Timer => "TIMER",
        SoftirqVector.NetTransmit => "NET_TX",
        SoftirqVector.NetReceive => "NET_RX",
        SoftirqVector.Block => "BLOCK",
        SoftirqVector.IrqPoll => "IRQ_POLL",
        SoftirqVector.Tasklet => "TASKLET",
        SoftirqVector.Sched => "SCHED",
        SoftirqVector.HighResolutionTimer => "HRTIMER",
        _ => "RCU",
    };
}
