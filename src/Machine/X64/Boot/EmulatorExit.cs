// Ends QEMU through its isa-debug-exit device at port 0xf4: QEMU's exit status becomes 2 * code + 1.
namespace Jiffy.Machine;

internal static class EmulatorExit
{
    internal const byte Panic = 50; // status 101

    private const ushort Port = 0xf4;

    internal static void Leave(byte code)
    {
        Ports.Write32(Port, code);
        while (true)
        {
        }
    }
}
