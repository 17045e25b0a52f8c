// Terminal modes and commands of the Linux ABI for x86-64. man 3 termios, man 2 ioctl_tty.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jiffy.Kernel.Abi;

[InlineArray(Count)]
public struct ControlCharacters
{
    public const int Count = 19;

    private byte _first;
}

/// <summary>struct termios as TCGETS and TCSETS pass it: 36 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Termios
{
    public uint InputFlags, OutputFlags, ControlFlags, LocalFlags;
    public byte Line;
    public ControlCharacters Characters;

    public const uint IGNBRK = 1, BRKINT = 2, IGNPAR = 4, PARMRK = 8, INPCK = 0x10, ISTRIP = 0x20, INLCR = 0x40, IGNCR = 0x80;
    public const uint ICRNL = 0x100, IUCLC = 0x200, IXON = 0x400, IXANY = 0x800, IXOFF = 0x1000, IMAXBEL = 0x2000, IUTF8 = 0x4000;
    public const uint OPOST = 1, OLCUC = 2, ONLCR = 4, OCRNL = 8, ONOCR = 0x10, ONLRET = 0x20;
    public const uint CS8 = 0x30, CREAD = 0x80, HUPCL = 0x400, CLOCAL = 0x800, B115200 = 0x1002;
    public const uint ISIG = 1, ICANON = 2, ECHO = 8, ECHOE = 0x10, ECHOK = 0x20, ECHONL = 0x40, NOFLSH = 0x80, TOSTOP = 0x100;
    public const uint ECHOCTL = 0x200, ECHOPRT = 0x400, ECHOKE = 0x800, IEXTEN = 0x8000;

    public const int VINTR = 0, VQUIT = 1, VERASE = 2, VKILL = 3, VEOF = 4, VTIME = 5, VMIN = 6, VSTART = 8, VSTOP = 9;
    public const int VSUSP = 10, VEOL = 11, VREPRINT = 12, VDISCARD = 13, VWERASE = 14, VLNEXT = 15, VEOL2 = 16;

    public readonly bool HasInput(uint flag) => (InputFlags & flag) != 0;
    public readonly bool HasOutput(uint flag) => (OutputFlags & flag) != 0;
    public readonly bool HasLocal(uint flag) => (LocalFlags & flag) != 0;

    /// <summary>True when <paramref name="value"/> is the control character; zero means that it is off.</summary>
    public readonly bool Is(int character, byte value) => value != 0 && Characters[character] == value;

    /// <summary>What a terminal starts with: 115200 baud, cooked, echoing.</summary>
    public static Termios Default
    {
        get
        {
            var modes = new Termios
            {
                InputFlags = ICRNL | IXON,
                OutputFlags = OPOST | ONLCR,
                ControlFlags = CS8 | CREAD | HUPCL | CLOCAL | B115200,
                LocalFlags = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
            };
            modes.Characters[VINTR] = 3;
            modes.Characters[VQUIT] = 28;
            modes.Characters[VERASE] = 127;
            modes.Characters[VKILL] = 21;
            modes.Characters[VEOF] = 4;
            modes.Characters[VMIN] = 1;
            modes.Characters[VSTART] = 17;
            modes.Characters[VSTOP] = 19;
            modes.Characters[VSUSP] = 26;
            modes.Characters[VREPRINT] = 18;
            modes.Characters[VDISCARD] = 15;
            modes.Characters[VWERASE] = 23;
            modes.Characters[VLNEXT] = 22;
            return modes;
        }
    }
}

/// <summary>struct winsize.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WindowSize
{
    public ushort Rows, Columns, PixelsX, PixelsY;
}

public static class TerminalCommand
{
    public const uint TCGETS = 0x5401, TCSETS = 0x5402, TCSETSW = 0x5403, TCSETSF = 0x5404;
    public const uint TCSBRK = 0x5409, TCXONC = 0x540A, TCFLSH = 0x540B, TIOCEXCL = 0x540C, TIOCNXCL = 0x540D;
    public const uint TIOCSCTTY = 0x540E, TIOCGPGRP = 0x540F, TIOCSPGRP = 0x5410, TIOCOUTQ = 0x5411;
    public const uint TIOCGWINSZ = 0x5413, TIOCSWINSZ = 0x5414, FIONREAD = 0x541B, TIOCNOTTY = 0x5422;
    public const uint TIOCGETD = 0x5424, TCSBRKP = 0x5425, TIOCGSID = 0x5429;

    public const int TCIFLUSH = 0, TCOFLUSH = 1, TCIOFLUSH = 2;
    public const int TCOOFF = 0, TCOON = 1, TCIOFF = 2, TCION = 3;
}
