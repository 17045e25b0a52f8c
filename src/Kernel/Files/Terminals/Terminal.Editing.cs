// Editing the line that is being typed, and its echo. man 3 termios, "Canonical mode".
// Context: hardirq, _lock held. Linux: n_tty_receive_char_special(), eraser(), echo_char().
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    /// <summary>Line editing. True: the byte was a command and is not input.</summary>
    private bool ReceiveEdit(byte value)
    {
        if (_modes.Is(Termios.VERASE, value))
        {
            EraseOne();
            return true;
        }

        if (_modes.Is(Termios.VKILL, value))
        {
            EraseLine();
            return true;
        }

        if (_modes.HasLocal(Termios.IEXTEN) && ReceiveExtendedEdit(value))
            return true;
        if (value == '\n')
        {
            Accept(value, EndsLine);
            return true;
        }

        if (_modes.Is(Termios.VEOF, value))
        {
            Store(0, EndsFile);
            return true;
        }

        if (_modes.Is(Termios.VEOL, value) || _modes.Is(Termios.VEOL2, value))
        {
            Accept(value, EndsLine);
            return true;
        }

        return false;
    }

    private bool ReceiveExtendedEdit(byte value)
    {
        if (_modes.Is(Termios.VWERASE, value))
        {
            EraseWord();
            return true;
        }

        if (_modes.Is(Termios.VREPRINT, value) && _modes.HasLocal(Termios.ECHO))
        {
            Echo(value);
            Put((byte)'\n');
            for (var at = _inputLines; at != _inputHead; at++)
                EchoPlain(_input[at % InputBytes]);
            return true;
        }

        if (_modes.Is(Termios.VLNEXT, value))
        {
            _isLiteralNext = true;
            if (_modes.HasLocal(Termios.ECHO) && _modes.HasLocal(Termios.ECHOCTL))
            {
                PutRaw((byte)'^');
                PutRaw((byte)'\b');
            }

            return true;
        }

        return false;
    }

    private void EraseOne()
    {
        if (_inputHead == _inputLines)
            return;
        _inputHead--;
        var value = _input[_inputHead % InputBytes];

        // A character of several bytes goes as one.
        while (_modes.HasInput(Termios.IUTF8) && (value & 0xc0) == 0x80 && _inputHead != _inputLines)
        {
            _inputHead--;
            value = _input[_inputHead % InputBytes];
        }

        if (!_modes.HasLocal(Termios.ECHO) || !_modes.HasLocal(Termios.ECHOE))
        {
            Echo(_modes.Characters[Termios.VERASE]);
            return;
        }

        var width = value is < 32 or 127 && value != '\t' ? _modes.HasLocal(Termios.ECHOCTL) ? 2 : 0 : 1;
        for (var i = 0; i < width; i++)
        {
            PutRaw((byte)'\b');
            PutRaw((byte)' ');
            PutRaw((byte)'\b');
        }
    }

    private void EraseLine()
    {
        if (_modes.HasLocal(Termios.ECHOE) && _modes.HasLocal(Termios.ECHOK) && _modes.HasLocal(Termios.ECHOKE))
        {
            while (_inputHead != _inputLines)
                EraseOne();
            return;
        }

        // A terminal that cannot erase: the line stays to be seen, a new one begins.
        _inputHead = _inputLines;
        Echo(_modes.Characters[Termios.VKILL]);
        if (_modes.HasLocal(Termios.ECHO) && _modes.HasLocal(Termios.ECHOK))
            Put((byte)'\n');
    }

    private void EraseWord()
    {
        while (_inputHead != _inputLines && IsBlank(_input[(_inputHead - 1) % InputBytes]))
            EraseOne();
        while (_inputHead != _inputLines && !IsBlank(_input[(_inputHead - 1) % InputBytes]))
            EraseOne();
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t';

    private void Echo(byte value)
    {
        if (_modes.HasLocal(Termios.ECHO))
            EchoPlain(value);
    }

    private void EchoPlain(byte value)
    {
        if (_modes.HasLocal(Termios.ECHOCTL) && value is < 32 or 127 && value is not ((byte)'\t' or (byte)'\n'))
        {
            PutRaw((byte)'^');
            PutRaw((byte)(value ^ 0x40));
            return;
        }

        Put(value);
    }
}
