// Numbers of inotify. man 7 inotify.
namespace Jiffy.Kernel.Abi;

public static class NotifyFlags
{
    public const int IN_NONBLOCK = FileConstants.O_NONBLOCK, IN_CLOEXEC = FileConstants.O_CLOEXEC;

    public const uint IN_ACCESS = 0x1, IN_MODIFY = 0x2, IN_ATTRIB = 0x4, IN_CLOSE_WRITE = 0x8, IN_CLOSE_NOWRITE = 0x10, IN_OPEN = 0x20;
    public const uint IN_MOVED_FROM = 0x40, IN_MOVED_TO = 0x80, IN_CREATE = 0x100, IN_DELETE = 0x200;
    public const uint IN_DELETE_SELF = 0x400, IN_MOVE_SELF = 0x800;
    public const uint IN_ALL_EVENTS = 0xfff;

    // Told without being asked for.
    public const uint IN_UNMOUNT = 0x2000, IN_Q_OVERFLOW = 0x4000, IN_IGNORED = 0x8000, IN_ISDIR = 0x40000000;

    // How to watch.
    public const uint IN_ONLYDIR = 0x01000000, IN_DONT_FOLLOW = 0x02000000, IN_EXCL_UNLINK = 0x04000000;
    public const uint IN_MASK_CREATE = 0x10000000, IN_MASK_ADD = 0x20000000, IN_ONESHOT = 0x80000000;
}
