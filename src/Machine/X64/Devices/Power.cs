// The ways to end: QEMU's exit device and console at ports when they are there, ACPI's soft-off, reset. Interrupts may be in
// any state; other CPUs are stopped.
using System;

namespace Jiffy.Machine;

public static partial class Power
{
    private const ushort ExitPort = 0xf4, MessagePort = 0xe9;
    private const byte ExitOff = 0x10, ExitPanic = 0x40;
    private const ushort ResetControl = 0xcf9, KeyboardCommand = 0x64;
    private const byte HardReset = 0x0e, PulseReset = 0xfe;
    private const int SleepTypeShift = 10, SleepEnable = 1 << 13;

    public static partial void Off(int exitStatus)
    {
        Instructions.ClearInterrupts();
        Tell("jiffy: exit status "u8);
        TellNumber(exitStatus);
        Tell("\n"u8);
        Ports.Write8(ExitPort, ExitOff);
        SoftOff();
        Stop();
    }

    public static partial void Panicked()
    {
        Instructions.ClearInterrupts();
        Tell("jiffy: panic\n"u8);
        Ports.Write8(ExitPort, ExitPanic);
        Stop();
    }

    public static partial void Reset()
    {
        Instructions.ClearInterrupts();
        Ports.Write8(ResetControl, HardReset);
        Ports.Write8(KeyboardCommand, PulseReset);
        Stop();
    }

    // ACPI sleep state 5: the type in the control registers with the enable bit.
    private static void SoftOff()
    {
        if (!Acpi.CanPowerOff)
            return;
        Ports.Write16(Acpi.Pm1aControlPort, (ushort)(Acpi.SleepType5A << SleepTypeShift | SleepEnable));
        if (Acpi.Pm1bControlPort != 0)
            Ports.Write16(Acpi.Pm1bControlPort, (ushort)(Acpi.SleepType5B << SleepTypeShift | SleepEnable));
    }

    private static void Stop()
    {
        Cpu.StopOthers();
        Instructions.Halt();
    }

    private static void Tell(ReadOnlySpan<byte> text)
    {
        foreach (var c in text)
            Ports.Write8(MessagePort, c);
    }

    private static void TellNumber(int value)
    {
        if (value >= 10)
            TellNumber(value / 10);
        Ports.Write8(MessagePort, (byte)('0' + value % 10));
    }
}
