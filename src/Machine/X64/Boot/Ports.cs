// Input and output ports.
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static class Ports
{
    [RuntimeImport("*", "port_read8"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte Read8(ushort port);

    [RuntimeImport("*", "port_write8"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write8(ushort port, byte value);

    [RuntimeImport("*", "port_read16"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ushort Read16(ushort port);

    [RuntimeImport("*", "port_write16"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write16(ushort port, ushort value);

    [RuntimeImport("*", "port_read32"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern uint Read32(ushort port);

    [RuntimeImport("*", "port_write32"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void Write32(ushort port, uint value);
}
