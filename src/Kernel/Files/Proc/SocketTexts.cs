// /proc/net/unix: all sockets of the family AF_UNIX. Each is looked up by itself, so the list may miss one that comes or goes meanwhile.
// Process context. Linux: unix_seq_show(). man 5 proc.
using Jiffy.Kernel.Net;

namespace Jiffy.Kernel.Files.Proc;

internal static class SocketTexts
{
    public static void Write(PagedText text)
    {
        text.Append("Num       RefCount Protocol Flags    Type St Inode Path\n"u8);
        UnixSocket? last = null;
        for (var socket = UnixNames.Next(0, null); socket is not null; socket = UnixNames.Next(socket.Number, socket))
        {
            last?.DropUser();
            last = socket;
            socket.Show(text);
        }

        last?.DropUser();
    }
}
