// Numbers of sockets as the ABI has them. man 2 socket, socket(7), unix(7), cmsg(3).
namespace Jiffy.Kernel.Abi;

public static class SocketConstants
{
    public const int AF_UNSPEC = 0;
    public const int AF_UNIX = 1;
    public const int AF_MAX = 46;

    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_RAW = 3;
    public const int SOCK_SEQPACKET = 5;
    public const int SOCK_MAX = 11;
    public const int SOCK_TYPE_MASK = 0xf;
    public const int SOCK_NONBLOCK = FileConstants.O_NONBLOCK;
    public const int SOCK_CLOEXEC = FileConstants.O_CLOEXEC;

    public const int SHUT_RD = 0;
    public const int SHUT_WR = 1;
    public const int SHUT_RDWR = 2;

    /// <summary>The largest backlog that listen takes.</summary>
    public const int SOMAXCONN = 4096;

    public const int MSG_OOB = 0x1;
    public const int MSG_PEEK = 0x2;
    public const int MSG_CTRUNC = 0x8;
    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_EOR = 0x80;
    public const int MSG_WAITALL = 0x100;
    public const int MSG_ERRQUEUE = 0x2000;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_WAITFORONE = 0x10000;
    public const int MSG_CMSG_CLOEXEC = 0x40000000;

    public const int SOL_SOCKET = 1;

    public const int SO_DEBUG = 1;
    public const int SO_REUSEADDR = 2;
    public const int SO_TYPE = 3;
    public const int SO_ERROR = 4;
    public const int SO_DONTROUTE = 5;
    public const int SO_BROADCAST = 6;
    public const int SO_SNDBUF = 7;
    public const int SO_RCVBUF = 8;
    public const int SO_KEEPALIVE = 9;
    public const int SO_OOBINLINE = 10;
    public const int SO_LINGER = 13;
    public const int SO_REUSEPORT = 15;
    public const int SO_PASSCRED = 16;
    public const int SO_PEERCRED = 17;
    public const int SO_RCVLOWAT = 18;
    public const int SO_SNDLOWAT = 19;
    public const int SO_RCVTIMEO = 20;
    public const int SO_SNDTIMEO = 21;
    public const int SO_ACCEPTCONN = 30;
    public const int SO_SNDBUFFORCE = 32;
    public const int SO_RCVBUFFORCE = 33;
    public const int SO_PROTOCOL = 38;
    public const int SO_DOMAIN = 39;
    public const int SO_PEEK_OFF = 42;

    public const int SCM_RIGHTS = 1;
    public const int SCM_CREDENTIALS = 2;

    /// <summary>The most descriptors one message carries.</summary>
    public const int SCM_MAX_FD = 253;

    /// <summary>The most messages sendmmsg and recvmmsg take at once.</summary>
    public const int UIO_MAXIOV = 1024;

    public const uint SIOCINQ = FileConstants.FIONREAD;
    public const uint SIOCOUTQ = 0x5411;
}
