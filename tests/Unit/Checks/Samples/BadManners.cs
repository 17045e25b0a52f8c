// Throws, catches, steps outside type safety: one way each. Never run.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jiffy.Tests.Unit.Checks.Samples;

internal static class BadManners
{
    public static int Throws() => throw new InvalidOperationException();

    public static int Catches()
    {
        try
        {
            return Throws();
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    public static int Filters(int value)
    {
        try
        {
            return Throws();
        }
        catch (InvalidOperationException) when (value > 0)
        {
            return 0;
        }
    }

    public static string Reinterprets(object item) => Unsafe.As<string>(item);

    public static int LeavesBounds(ref int value) => MemoryMarshal.CreateSpan(ref value, 100)[99];

    public static nint Native() => Marshal.AllocHGlobal(1);
}

internal static class GoodManners
{
    public static int Finally(int[] values)
    {
        try
        {
            return values[0];
        }
        finally
        {
            values[0] = 0;
        }
    }

    public static int Expression(int value) => value switch { 1 => 2, 2 => 3, _ => 4 };

    public static int Bytes(Span<int> values) => MemoryMarshal.AsBytes(values).Length;
}
