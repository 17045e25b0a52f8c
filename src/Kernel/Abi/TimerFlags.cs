// Flags of timerfd_create and timerfd_settime, and the request of a timer's file. man 2 timerfd_create.
namespace Jiffy.Kernel.Abi;

public static class TimerFlags
{
    public const int TFD_TIMER_ABSTIME = 1;
    public const int TFD_TIMER_CANCEL_ON_SET = 2;

    public const int TFD_NONBLOCK = FileConstants.O_NONBLOCK;
    public const int TFD_CLOEXEC = FileConstants.O_CLOEXEC;

    public const uint TFD_IOC_SET_TICKS = 0x40085400;
}
