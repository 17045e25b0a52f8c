// Output side of the line discipline, and the ring that the serial port is fed from.
// Context: any; _lock held unless said otherwise. Linux: do_output_char(), uart_start().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    private const int OutputBytes = 4096;

    /// <summary>Programs stop writing here; the rest is for echo.</summary>
    private const int OutputHigh = OutputBytes - 256;

    /// <summary>Sleeping writers are woken when no more than this waits.</summary>
    private const int OutputLow = OutputBytes / 4;

    private readonly byte[] _output = new byte[OutputBytes];
    private uint _outputTail, _outputHead;

    private int OutputCount => (int)(_outputHead - _outputTail);
    private bool OutputHasRoom => OutputCount <= OutputLow;

    /// <summary>Appends a byte with the output modes applied; what does not fit is lost (echo only).</summary>
    private void Put(byte value)
    {
        if (!_modes.HasOutput(Termios.OPOST))
        {
            PutRaw(value);
            return;
        }

        switch (value)
        {
            case (byte)'\n':
                if (_modes.HasOutput(Termios.ONLCR))
                {
                    PutRaw((byte)'\r');
                    _column = 0;
                }

                PutRaw(value);
                if (_modes.HasOutput(Termios.ONLRET))
                    _column = 0;
                break;
            case (byte)'\r':
                if (_modes.HasOutput(Termios.ONOCR) && _column == 0)
                    break;
                PutRaw(_modes.HasOutput(Termios.OCRNL) ? (byte)'\n' : value);
                _column = 0;
                break;
            default:
                if (value >= 32)
                    _column++;
                PutRaw(value);
                break;
        }
    }

    private void PutRaw(byte value)
    {
        if (OutputCount < OutputBytes)
            _output[_outputHead++ % OutputBytes] = value;
    }

    private void FlushOutput() => _outputTail = _outputHead;

    /// <summary>
    /// Gives the port what it takes, and asks for an interrupt while something is left. Wakes writers for whom there is room now: when the port
    /// takes all, no interrupt follows that would.
    /// </summary>
    private void Pump()
    {
        Feed();
        if (OutputHasRoom)
            _writers.WakeUpAll(key: new WakeKey(FileConstants.POLLOUT | FileConstants.POLLWRNORM));
    }

    private void Feed()
    {
        using (KernelConsole.SerialLock.Acquire())
        {
            while (OutputCount != 0 && !_isOutputStopped)
            {
                var start = (int)(_outputTail % OutputBytes);
                var length = Math.Min(OutputCount, OutputBytes - start);
                var sent = SerialPort.Write(_output.AsSpan(start, length));
                _outputTail += (uint)sent;
                if (sent < length)
                    break;
            }

            SerialPort.EnableTransmit(OutputCount != 0 && !_isOutputStopped);
        }
    }

    /// <summary>Puts as much as fits below the high mark; how many bytes. Takes _lock.</summary>
    private int WriteSome(ReadOnlySpan<byte> bytes)
    {
        var done = 0;
        using (_lock.Acquire())
        {
            while (done < bytes.Length && OutputCount < OutputHigh)
                Put(bytes[done++]);
            Pump();
        }

        return done;
    }

    /// <summary>Sends what is left of the console's output, waiting for the port: before power-off. Takes _lock.</summary>
    public static void DrainConsole()
    {
        var terminal = Serial;
        using (terminal._lock.Acquire())
        {
            while (terminal.OutputCount != 0)
            {
                var start = (int)(terminal._outputTail % OutputBytes);
                var length = Math.Min(terminal.OutputCount, OutputBytes - start);
                SerialPort.WritePolled(terminal._output.AsSpan(start, length));
                terminal._outputTail += (uint)length;
            }
        }
    }
}
