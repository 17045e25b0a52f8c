// The programmable interval timer (8254) of old: channel 0 rings once, up to 55 ms ahead; channel 2, which drove the loudspeaker, counts on and
// on. The last resort for both. Contexts: any; s_busy keeps the pieces of an access together, interrupts off.
using System.Threading;

namespace Jiffy.Machine;

internal static class Pit
{
    internal const long Frequency = 1_193_182;

    private const ushort Channel0 = 0x40, Channel2 = 0x42, Mode = 0x43, Gate = 0x61;
    private const byte OneShot0 = 0x30, Free2 = 0xb4, Latch2 = 0x80;
    private const byte GateOn = 1, SpeakerOn = 2;
    private const uint Turn = 0x10000, LongestShot = 0xffff;

    private static int s_busy;

    /// <summary>Nanoseconds that one shot reaches.</summary>
    internal const long Longest = 50_000_000;

    /// <summary>Stops the ticks that the firmware left on: channel 0 waits for a count.</summary>
    internal static void Silence() => Ports.Write8(Mode, OneShot0);

    /// <summary>Rings once after so many counts, 1 to 65535.</summary>
    internal static void Ring(uint counts)
    {
        counts = counts == 0 ? 1 : counts > LongestShot ? LongestShot : counts;
        var wereOn = Take();
        Ports.Write8(Mode, OneShot0);
        Ports.Write8(Channel0, (byte)counts);
        Ports.Write8(Channel0, (byte)(counts >> 8));
        Give(wereOn);
    }

    /// <summary>Lets channel 2 count.</summary>
    internal static void StartCounter()
    {
        var wereOn = Take();
        Ports.Write8(Gate, (byte)(Ports.Read8(Gate) & ~SpeakerOn | GateOn));
        Ports.Write8(Mode, Free2);
        Ports.Write8(Channel2, 0);
        Ports.Write8(Channel2, 0);
        Give(wereOn);
    }

    /// <summary>What channel 2 has counted, 16 bits. (It counts down.)</summary>
    internal static uint Counter
    {
        get
        {
            var wereOn = Take();
            Ports.Write8(Mode, Latch2);
            var low = Ports.Read8(Channel2);
            var left = (uint)(low | Ports.Read8(Channel2) << 8);
            Give(wereOn);
            return Turn - left & Turn - 1;
        }
    }

    private static bool Take()
    {
        var wereOn = Instructions.DisableInterrupts();
        while (Interlocked.CompareExchange(ref s_busy, 1, 0) != 0)
            Instructions.Pause();
        return wereOn;
    }

    private static void Give(bool wereOn)
    {
        Volatile.Write(ref s_busy, 0);
        Cpu.RestoreInterrupts(wereOn);
    }
}
