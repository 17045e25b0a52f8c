// Numbers of eventfd, signalfd and epoll. man 2 eventfd, signalfd, epoll_ctl.
using System.Runtime.InteropServices;

namespace Jiffy.Kernel.Abi;

public static class EventFlags
{
    public const int EFD_SEMAPHORE = 1;
    public const int EFD_NONBLOCK = FileConstants.O_NONBLOCK, EFD_CLOEXEC = FileConstants.O_CLOEXEC;
    public const int SFD_NONBLOCK = FileConstants.O_NONBLOCK, SFD_CLOEXEC = FileConstants.O_CLOEXEC;
}

public static class EpollFlags
{
    public const int EPOLL_CLOEXEC = FileConstants.O_CLOEXEC;
    public const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3;

    // The events themselves are poll's.
    public const uint EPOLLEXCLUSIVE = 1u << 28, EPOLLWAKEUP = 1u << 29, EPOLLONESHOT = 1u << 30, EPOLLET = 1u << 31;
}

/// <summary>struct epoll_event: packed on x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct EpollEvent
{
    public const int Bytes = 12;

    public uint Events;
    public ulong Data;
}
