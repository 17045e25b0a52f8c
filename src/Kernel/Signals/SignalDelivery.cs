// The one place that delivers signals, on the way to user mode. The body comes with the signals room.
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

public static partial class SignalDelivery
{
    /// <summary>Delivers what is deliverable to the current task. Process context, interrupts on; may sleep or not return.</summary>
    public static void Deliver(ref UserRegisters user)
    {
    }
}
