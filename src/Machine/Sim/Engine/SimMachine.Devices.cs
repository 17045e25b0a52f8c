// The serial port, randomness and power, as the host sees them and as the contract's bodies use them.
using System;
using System.Collections.Generic;
using System.Text;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    private const int TransmitQueueBytes = 16;
    private const int NanosecondsPerByte = 1000;

    private readonly List<byte> _sent = new();
    private readonly Queue<byte> _received = new();
    private bool _lineEnabled, _receiveEnabled, _transmitEnabled;
    private long _transmitDoneAt;

    /// <summary>All that the serial port has sent.</summary>
    public string SerialText() => Encoding.UTF8.GetString(_sent.ToArray());

    /// <summary>Types on the serial console, now.</summary>
    public void Type(string text)
    {
        foreach (var value in Encoding.UTF8.GetBytes(text))
            _received.Enqueue(value);
        RaiseSerialIfActive();
    }

    internal int SendSome(ReadOnlySpan<byte> bytes)
    {
        if (_now < _transmitDoneAt)
            return 0;
        var count = Math.Min(bytes.Length, TransmitQueueBytes);
        Capture(bytes[..count]);
        _transmitDoneAt = _now + count * NanosecondsPerByte;
        if (_transmitEnabled)
            At(_transmitDoneAt, RaiseSerialIfActive);
        return count;
    }

    internal void Capture(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
            _sent.Add(value);
        if (Options.EchoSerial)
            Console.Out.Write(Encoding.UTF8.GetString(bytes));
    }

    internal bool TryReceive(out byte value) => _received.TryDequeue(out value);

    internal void EnableSerial(bool? line = null, bool? receive = null, bool? transmit = null)
    {
        _lineEnabled = line ?? _lineEnabled;
        _receiveEnabled = receive ?? _receiveEnabled;
        _transmitEnabled = transmit ?? _transmitEnabled;
        if (transmit == true && _now < _transmitDoneAt)
            At(_transmitDoneAt, RaiseSerialIfActive);
        RaiseSerialIfActive();
    }

    private void RaiseSerialIfActive()
    {
        var active = _receiveEnabled && _received.Count > 0 || _transmitEnabled && _now >= _transmitDoneAt;
        if (_lineEnabled && active)
            Raise(0, PendingInterrupts.Serial);
    }

    internal ulong NextRandom() => Schedule.NextRandom();

    /// <summary>Ends the run: the machine is off.</summary>
    internal void SwitchOff(int exitStatus)
    {
        if (Fiber.Running is not { } fiber)
            return;
        ExitStatus = exitStatus;
        fiber.StopMachine();
    }

    private void ResetDevices()
    {
        _sent.Clear();
        _received.Clear();
        _lineEnabled = _receiveEnabled = _transmitEnabled = false;
        _transmitDoneAt = 0;
    }
}
