// Input side of the line discipline: what each received byte does. man 3 termios, man 4 console.
// Context: hardirq, _lock held. Linux: n_tty_receive_char().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    private const int InputBytes = 4096;

    /// <summary>Mark of an input byte that ends a line.</summary>
    private const byte EndsLine = 1;

    /// <summary>Mark of an end of file: ends a line and is not itself read.</summary>
    private const byte EndsFile = 2;

    private readonly byte[] _input = new byte[InputBytes];
    private readonly byte[] _marks = new byte[InputBytes];

    // Free-running counters: read, end of complete lines, written. Guard: _lock.
    private uint _inputTail, _inputLines, _inputHead;
    private int _column;
    private bool _isLiteralNext;
    private bool _isOutputStopped;

    private bool InputIsReady => _modes.HasLocal(Termios.ICANON) ? _inputLines != _inputTail : _inputHead != _inputTail;

    /// <summary>Bytes that a reader can have now.</summary>
    private int InputCount => (int)((_modes.HasLocal(Termios.ICANON) ? _inputLines : _inputHead) - _inputTail);

    private void Receive(byte value)
    {
        if (_modes.HasInput(Termios.ISTRIP))
            value &= 0x7f;
        if (_isLiteralNext)
        {
            _isLiteralNext = false;
            Accept(value, 0);
            return;
        }

        if (_modes.HasInput(Termios.IXON) && ReceiveFlowControl(value))
            return;
        if (_modes.HasLocal(Termios.ISIG) && ReceiveSignal(value))
            return;
        if (value == '\r')
        {
            if (_modes.HasInput(Termios.IGNCR))
                return;
            if (_modes.HasInput(Termios.ICRNL))
                value = (byte)'\n';
        }
        else if (value == '\n' && _modes.HasInput(Termios.INLCR))
        {
            value = (byte)'\r';
        }

        if (_modes.HasLocal(Termios.ICANON) && ReceiveEdit(value))
            return;
        Accept(value, 0);
    }

    private bool ReceiveFlowControl(byte value)
    {
        if (_modes.Is(Termios.VSTOP, value))
        {
            _isOutputStopped = true;
            return true;
        }

        if (_modes.Is(Termios.VSTART, value))
        {
            _isOutputStopped = false;
            return true;
        }

        if (_isOutputStopped && _modes.HasInput(Termios.IXANY))
            _isOutputStopped = false;
        return false;
    }

    private bool ReceiveSignal(byte value)
    {
        var signal = 0;
        if (_modes.Is(Termios.VINTR, value))
            signal = SignalNumber.SIGINT;
        else if (_modes.Is(Termios.VQUIT, value))
            signal = SignalNumber.SIGQUIT;
        else if (_modes.Is(Termios.VSUSP, value))
            signal = SignalNumber.SIGTSTP;
        if (signal == 0)
            return false;
        if (!_modes.HasLocal(Termios.NOFLSH))
        {
            FlushInput();
            FlushOutput();
        }

        _isOutputStopped = false;
        Echo(value);
        SignalForeground(signal);
        return true;
    }

    /// <summary>Takes a byte as input and echoes it.</summary>
    private void Accept(byte value, byte mark)
    {
        if (!Store(value, mark))
        {
            if (_modes.HasInput(Termios.IMAXBEL))
                PutRaw(7);
            return;
        }

        if (value == '\n' && (_modes.HasLocal(Termios.ECHO) || (_modes.HasLocal(Termios.ECHONL) && _modes.HasLocal(Termios.ICANON))))
            Put(value);
        else
            Echo(value);
    }

    private bool Store(byte value, byte mark)
    {
        // The last place is kept for the end of the line, else a full ring could never be read.
        var used = _inputHead - _inputTail;
        if (used >= InputBytes || (used == InputBytes - 1 && mark == 0 && _modes.HasLocal(Termios.ICANON)))
            return false;
        _input[_inputHead % InputBytes] = value;
        _marks[_inputHead % InputBytes] = mark;
        _inputHead++;
        if (mark != 0 || !_modes.HasLocal(Termios.ICANON))
            _inputLines = _inputHead;
        return true;
    }

    private void FlushInput()
    {
        _inputTail = _inputLines = _inputHead;
        _isLiteralNext = false;
    }

    /// <summary>Going from lines to bytes makes all input readable; going back, what is there counts as a line.</summary>
    private void InputModeChanged()
    {
        if (_inputLines == _inputHead)
            return;
        _inputLines = _inputHead;
        if (_modes.HasLocal(Termios.ICANON))
            _marks[(_inputHead - 1) % InputBytes] |= EndsLine;
    }

    /// <summary>Moves input that is ready into <paramref name="to"/>: in line mode at most to the end of one line. Zero may mean end of file.</summary>
    private int TakeInput(Span<byte> to, out bool endOfLine)
    {
        var count = 0;
        endOfLine = false;
        using (_lock.Acquire())
        {
            var lines = _modes.HasLocal(Termios.ICANON);
            while (count < to.Length && _inputTail != (lines ? _inputLines : _inputHead))
            {
                var at = _inputTail % InputBytes;
                var mark = _marks[at];
                _inputTail++;
                if (mark != EndsFile)
                    to[count++] = _input[at];
                if (!lines || mark == 0)
                    continue;
                endOfLine = true;
                break;
            }

            // A line that fits exactly is followed by its end of file only if nothing stands before it.
            if (lines && !endOfLine && count == to.Length && _inputTail != _inputLines && _marks[_inputTail % InputBytes] == EndsFile)
            {
                _inputTail++;
                endOfLine = true;
            }
        }

        return count;
    }
}
