// The first serial port, a 16550. Bodies of the serial contract; the caller's lock guards it.
using System;

namespace Jiffy.Machine;

public static partial class SerialPort
{
    private const ushort Data = 0x3f8, InterruptEnable = Data + 1, FifoControl = Data + 2, LineControl = Data + 3, ModemControl = Data + 4, LineStatus = Data + 5;
    private const byte ReceiveInterrupt = 1, TransmitInterrupt = 2;
    private const byte DivisorAccess = 0x80, EightBits = 3, FifoOnAndClear = 7, ReadyAndInterrupts = 0x0b;
    private const byte DataReady = 1, TransmitterEmpty = 0x20;
    private const int QueueBytes = 16;

    private static byte s_interrupts;

    /// <summary>Start-up: 115200 baud, 8 bits, queues on, no interrupts.</summary>
    internal static void SetUp()
    {
        Ports.Write8(InterruptEnable, 0);
        Ports.Write8(LineControl, DivisorAccess);
        Ports.Write8(Data, 1);
        Ports.Write8(InterruptEnable, 0);
        Ports.Write8(LineControl, EightBits);
        Ports.Write8(FifoControl, FifoOnAndClear);
        Ports.Write8(ModemControl, ReadyAndInterrupts);
    }

    // The port tells only when its queue is empty; then it takes a queue's length.
    public static partial int Write(ReadOnlySpan<byte> bytes)
    {
        if ((Ports.Read8(LineStatus) & TransmitterEmpty) == 0)
            return 0;
        var count = Math.Min(bytes.Length, QueueBytes);
        for (var i = 0; i < count; i++)
            Ports.Write8(Data, bytes[i]);
        return count;
    }

    public static partial void WritePolled(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var sent = Write(bytes);
            bytes = bytes.Slice(sent);
            if (sent == 0)
                Cpu.Relax();
        }
    }

    public static partial bool TryRead(out byte value)
    {
        value = 0;
        if ((Ports.Read8(LineStatus) & DataReady) == 0)
            return false;
        value = Ports.Read8(Data);
        return true;
    }

    public static partial void EnableReceive()
    {
        s_interrupts |= ReceiveInterrupt;
        Ports.Write8(InterruptEnable, s_interrupts);
    }

    public static partial void EnableTransmit(bool on)
    {
        var wanted = (byte)(on ? s_interrupts | TransmitInterrupt : s_interrupts & ~TransmitInterrupt);
        if (wanted == s_interrupts)
            return;
        s_interrupts = wanted;
        Ports.Write8(InterruptEnable, wanted);
    }
}
