// Which context code runs in, said at few places; src/Checks carries it along the calls and reports every way from code that must not
// sleep to code that may. What calls Context.MightSleep of the kernel counts as [MaySleep] without saying so.
using System;

namespace Jiffy.Machine;

/// <summary>May block: process context only, no spin lock held.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MaySleepAttribute : Attribute
{
}

/// <summary>Runs as, or at once calls, a top half: interrupts off, nothing that sleeps. On a parameter: what is given there does.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Parameter)]
public sealed class HardirqContextAttribute : Attribute
{
}

/// <summary>Runs softirq handlers: nothing that sleeps. On a parameter: what is given there is such a handler.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Parameter)]
public sealed class SoftirqContextAttribute : Attribute
{
}

/// <summary>Looks by itself whether it may sleep here, and does not where it may not: the check stops at it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AsksContextAttribute : Attribute
{
}
