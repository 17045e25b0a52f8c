// The compiler wants these to exist. Kernel code does not calculate with them.
namespace System;

public readonly struct Single
{
}

public readonly struct Double
{
}
