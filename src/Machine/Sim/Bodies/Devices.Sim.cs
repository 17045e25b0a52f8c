using System;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class InterruptLines
{
    public static partial void Enable(InterruptLine line) => SimMachine.Current.EnableSerial(line: true);

    public static partial void Disable(InterruptLine line) => SimMachine.Current.EnableSerial(line: false);

    public static partial string Controller => "simulated";
}

public static partial class SerialPort
{
    public static partial int Write(ReadOnlySpan<byte> bytes)
    {
        SimMachine.Point(PointKind.Device);
        return SimMachine.Current.SendSome(bytes);
    }

    public static partial void WritePolled(ReadOnlySpan<byte> bytes)
    {
        SimMachine.Point(PointKind.Device);
        SimMachine.Current.Capture(bytes);
    }

    public static partial bool TryRead(out byte value) => SimMachine.Current.TryReceive(out value);

    public static partial void EnableReceive() => SimMachine.Current.EnableSerial(receive: true);

    public static partial void EnableTransmit(bool on) => SimMachine.Current.EnableSerial(transmit: on);
}

public static partial class Entropy
{
    public static partial ulong Next() => SimMachine.Current.NextRandom();
}

public static partial class Power
{
    public static partial void Off(int exitStatus) => SimMachine.Current.SwitchOff(exitStatus);

    public static partial void Reset() => SimMachine.Current.SwitchOff(0);

    public static partial void Panicked() => SimMachine.Current.Fail("kernel panic");
}
