// Files in the Linux ABI for x86-64: flags, modes and commands under their Linux names, meant for `using static`.
// man 2 open, inode(7), fcntl(2), mount(2), poll(2), ioctl_list(2).
namespace Jiffy.Kernel.Abi;

public static class FileConstants
{
    public const int O_ACCMODE = 3;
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_TRUNC = 0x200;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_DSYNC = 0x1000;
    public const int O_ASYNC = 0x2000;
    public const int O_DIRECT = 0x4000;
    public const int O_LARGEFILE = 0x8000;
    public const int O_DIRECTORY = 0x10000;
    public const int O_NOFOLLOW = 0x20000;
    public const int O_NOATIME = 0x40000;
    public const int O_CLOEXEC = 0x80000;
    public const int O_SYNC = 0x101000;
    public const int O_PATH = 0x200000;
    public const int O_TMPFILE = 0x410000;

    public const uint S_IFMT = 0xf000;
    public const uint S_IFSOCK = 0xc000;
    public const uint S_IFLNK = 0xa000;
    public const uint S_IFREG = 0x8000;
    public const uint S_IFBLK = 0x6000;
    public const uint S_IFDIR = 0x4000;
    public const uint S_IFCHR = 0x2000;
    public const uint S_IFIFO = 0x1000;
    public const uint S_ISUID = 0x800;
    public const uint S_ISGID = 0x400;
    public const uint S_ISVTX = 0x200;

    /// <summary>All bits that chmod can change.</summary>
    public const uint ModeBits = 0xfff;

    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_EACCESS = 0x200;
    public const int AT_REMOVEDIR = 0x200;
    public const int AT_SYMLINK_FOLLOW = 0x400;
    public const int AT_NO_AUTOMOUNT = 0x800;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_STATX_SYNC_TYPE = 0x6000;

    public const int NAME_MAX = 255;
    public const int PATH_MAX = 4096;
    public const int IOV_MAX = 1024;

    /// <summary>The most one call reads or writes: Linux's MAX_RW_COUNT.</summary>
    public const int MaxTransfer = 0x7ffff000;

    public const int SEEK_SET = 0;
    public const int SEEK_CUR = 1;
    public const int SEEK_END = 2;
    public const int SEEK_DATA = 3;
    public const int SEEK_HOLE = 4;

    public const int F_OK = 0;
    public const int X_OK = 1;
    public const int W_OK = 2;
    public const int R_OK = 4;

    public const int F_DUPFD = 0;
    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_GETLK = 5;
    public const int F_SETLK = 6;
    public const int F_SETLKW = 7;
    public const int F_SETOWN = 8;
    public const int F_GETOWN = 9;
    public const int F_SETSIG = 10;
    public const int F_GETSIG = 11;
    public const int F_SETOWN_EX = 15;
    public const int F_GETOWN_EX = 16;
    public const int F_OFD_GETLK = 36;
    public const int F_OFD_SETLK = 37;
    public const int F_OFD_SETLKW = 38;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_SETPIPE_SZ = 1031;
    public const int F_GETPIPE_SZ = 1032;
    public const int F_ADD_SEALS = 1033;
    public const int F_GET_SEALS = 1034;
    public const int FD_CLOEXEC = 1;

    public const short F_RDLCK = 0;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;

    public const uint POLLIN = 0x1;
    public const uint POLLPRI = 0x2;
    public const uint POLLOUT = 0x4;
    public const uint POLLERR = 0x8;
    public const uint POLLHUP = 0x10;
    public const uint POLLNVAL = 0x20;
    public const uint POLLRDNORM = 0x40;
    public const uint POLLRDBAND = 0x80;
    public const uint POLLWRNORM = 0x100;
    public const uint POLLWRBAND = 0x200;
    public const uint POLLRDHUP = 0x2000;

    public const uint MS_RDONLY = 0x1;
    public const uint MS_NOSUID = 0x2;
    public const uint MS_NODEV = 0x4;
    public const uint MS_NOEXEC = 0x8;
    public const uint MS_SYNCHRONOUS = 0x10;
    public const uint MS_REMOUNT = 0x20;
    public const uint MS_NOATIME = 0x400;
    public const uint MS_NODIRATIME = 0x800;
    public const uint MS_BIND = 0x1000;
    public const uint MS_MOVE = 0x2000;
    public const uint MS_REC = 0x4000;
    public const uint MS_SILENT = 0x8000;
    public const uint MS_UNBINDABLE = 0x20000;
    public const uint MS_PRIVATE = 0x40000;
    public const uint MS_SLAVE = 0x80000;
    public const uint MS_SHARED = 0x100000;
    public const uint MS_RELATIME = 0x200000;
    public const uint MS_STRICTATIME = 0x1000000;
    public const uint MS_MGC_VAL = 0xc0ed0000;
    public const uint MS_MGC_MSK = 0xffff0000;

    public const int MNT_FORCE = 1;
    public const int MNT_DETACH = 2;
    public const int MNT_EXPIRE = 4;
    public const int UMOUNT_NOFOLLOW = 8;

    public const uint FIONREAD = 0x541b;
    public const uint FIONBIO = 0x5421;
    public const uint FIONCLEX = 0x5450;
    public const uint FIOCLEX = 0x5451;
    public const uint FIOASYNC = 0x5452;
    public const uint FIOSETOWN = 0x8901;
    public const uint SIOCSPGRP = 0x8902;
    public const uint FIOGETOWN = 0x8903;
    public const uint SIOCGPGRP = 0x8904;
    public const uint FIOQSIZE = 0x5460;

    public const uint RENAME_NOREPLACE = 1;
    public const uint RENAME_EXCHANGE = 2;
    public const uint RENAME_WHITEOUT = 4;

    public const int FALLOC_FL_KEEP_SIZE = 1;
    public const int FALLOC_FL_PUNCH_HOLE = 2;
    public const int FALLOC_FL_ZERO_RANGE = 16;

    /// <summary>File types as getdents tells them: the mode's type bits shifted down.</summary>
    public static byte DirectoryType(uint mode) => (byte)((mode & S_IFMT) >> 12);
}
