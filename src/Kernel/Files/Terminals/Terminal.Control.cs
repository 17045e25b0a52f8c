// The terminal's ioctl commands. man 2 ioctl_tty. Context: process; may sleep.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using static Jiffy.Kernel.Abi.TerminalCommand;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    internal Result<int> Control(OpenFile file, uint command, ulong argument)
    {
        if (IsHungUp(file))
            return Errno.EIO;
        switch (command)
        {
            case TCGETS:
                return UserAccess.TryWrite(argument, Modes) ? 0 : Errno.EFAULT;
            case TCSETS:
            case TCSETSW:
            case TCSETSF:
                return SetModes(file, command, argument);
            case TIOCGWINSZ:
                return UserAccess.TryWrite(argument, Size) ? 0 : Errno.EFAULT;
            case TIOCSWINSZ:
                return SetSize(argument);
            case TIOCGPGRP:
                return GetForeground(argument);
            case TIOCSPGRP:
                return SetForeground(argument);
            case TIOCGSID:
                return GetSession(argument);
            case TIOCSCTTY:
                return new Result<int>(BecomeControlling(argument));
            case TIOCNOTTY:
                return new Result<int>(GiveUp());
            case FIONREAD:
                return UserAccess.TryWrite(argument, InputCount) ? 0 : Errno.EFAULT;
            case TIOCOUTQ:
                return UserAccess.TryWrite(argument, OutputCount) ? 0 : Errno.EFAULT;
            case TIOCGETD:
                return UserAccess.TryWrite(argument, 0) ? 0 : Errno.EFAULT;
            case TCFLSH:
                return Flush((int)argument);
            case TCXONC:
                return Flow((int)argument);
            case TCSBRK:
            case TCSBRKP:
                return SendBreak(file);
            case TIOCEXCL:
            case TIOCNXCL:
                IsExclusive = command == TIOCEXCL;
                return 0;
            default:
                return Errno.ENOTTY;
        }
    }

    private Termios Modes
    {
        get
        {
            using (_lock.Acquire())
                return _modes;
        }
    }

    private WindowSize Size
    {
        get
        {
            using (_lock.Acquire())
                return _size;
        }
    }

    private Result<int> SetModes(OpenFile file, uint command, ulong from)
    {
        var error = CheckForeground(SignalNumber.SIGTTOU);
        if (error != Errno.None)
            return error;
        if (!UserAccess.TryRead(from, out Termios modes))
            return Errno.EFAULT;
        if (command != TCSETS)
        {
            error = Drain(file);
            if (error != Errno.None)
                return error;
        }

        using (_lock.Acquire())
        {
            if (command == TCSETSF)
                FlushInput();
            var changed = _modes.HasLocal(Termios.ICANON) != modes.HasLocal(Termios.ICANON);
            _modes = modes;
            if (changed)
                InputModeChanged();
            if (!modes.HasInput(Termios.IXON))
                _isOutputStopped = false;
            Pump();
        }

        _readers.WakeUpAll();
        return 0;
    }

    private Result<int> SetSize(ulong from)
    {
        if (!UserAccess.TryRead(from, out WindowSize size))
            return Errno.EFAULT;
        using (_lock.Acquire())
        {
            if (size.Rows == _size.Rows && size.Columns == _size.Columns && size.PixelsX == _size.PixelsX && size.PixelsY == _size.PixelsY)
                return 0;
            _size = size;
            SignalForeground(SignalNumber.SIGWINCH);
        }

        return 0;
    }

    /// <summary>Waits for the output to leave; the break itself is left out, since the port's other end is a program.</summary>
    private Result<int> SendBreak(OpenFile file)
    {
        var error = CheckForeground(SignalNumber.SIGTTOU);
        return new Result<int>(error == Errno.None ? Drain(file) : error);
    }

    private Result<int> Flush(int what)
    {
        if (what is not (TCIFLUSH or TCOFLUSH or TCIOFLUSH))
            return Errno.EINVAL;
        var error = CheckForeground(SignalNumber.SIGTTOU);
        if (error != Errno.None)
            return error;
        using (_lock.Acquire())
        {
            if (what != TCOFLUSH)
                FlushInput();
            if (what != TCIFLUSH)
                FlushOutput();
        }

        _writers.WakeUpAll();
        return 0;
    }

    private Result<int> Flow(int what)
    {
        var error = CheckForeground(SignalNumber.SIGTTOU);
        if (error != Errno.None)
            return error;
        if (what is not (TCOOFF or TCOON or TCIOFF or TCION))
            return Errno.EINVAL;
        using (_lock.Acquire())
        {
            if (what is TCOOFF or TCOON)
                _isOutputStopped = what == TCOOFF;
            Pump();
        }

        return 0;
    }
}
