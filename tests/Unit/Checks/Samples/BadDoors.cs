// Code that breaks the rules, one way each: what src/Checks must find. Never run.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Tests.Unit.Checks.Samples;

/// <summary>The doors: what SystemCall reaches can run after boot, what only BootPrimary reaches cannot.</summary>
internal abstract class BadDoors : KernelEntry
{
    public override void BootPrimary() => _ = new BootThing();

    public override void SystemCall(ref UserRegisters user)
    {
        BadAllocations.All((int)user.Rax);
        user.Rax = (ulong)GoodAllocations.All((int)user.Rax);
    }
}

internal sealed class BootThing;

internal sealed class RunTimeThing
{
    public int Value;
}

internal interface IMaker
{
    int Make();
}

internal interface IStaticMaker
{
    static abstract int Make();
}

internal readonly struct StaticMaker : IStaticMaker
{
    public static int Make() => new List<int>().Count;
}

internal sealed class VirtualMaker : IMaker
{
    public int Make() => new byte[4].Length;
}

internal static class BadAllocations
{
    public static IMaker? Maker = new VirtualMaker();
    public static Func<int, int>? Stored;
    public static string Text = "";

    public static void All(int value)
    {
        _ = NewObject(value) + Concatenation(value) + Boxing(value) + Capturing(value) + Parameters(value) + Group(value);
        foreach (var item in Iterator(value))
            _ = item;
        _ = Maker!.Make() + Through<StaticMaker>() + (Stored?.Invoke(value) ?? 0) + Enumeration(DayOfWeek.Friday);
    }

    public static void StoreAtBoot() => Stored = static value => new int[value].Length;

    private static int NewObject(int value) => new RunTimeThing { Value = value }.Value;

    private static int Concatenation(int value) => (Text = Text + value).Length;

    private static int Boxing(int value) => ((object)value).GetHashCode();

    private static int Capturing(int value) => Call(() => value);

    private static int Parameters(int value) => Sum(value, value);

    // An instance method as a delegate is made anew each time.
    private static int Group(int value) => Call(new Holder(value).Get);

    private static int Through<T>() where T : struct, IStaticMaker => T.Make();

    private static int Enumeration<T>(T value) where T : struct, Enum => value.ToString().Length;

    private static IEnumerable<int> Iterator(int value)
    {
        yield return value;
    }

    private static int Sum(params int[] values) => values.Length;

    private static int Call(Func<int> function) => function();

    private sealed class Holder(int value)
    {
        public int Get() => value;
    }
}

/// <summary>What looks like allocation and is none, or is allowed.</summary>
internal static class GoodAllocations
{
    public static int All(int value)
    {
        Span<int> numbers = stackalloc int[4];
        var point = new Point(value, value);
        return Cached(value) + NullTest("x") + numbers.Length + point.X + (Pooled.Create() is null ? 1 : 0);
    }

    private static int Cached(int value) => Call(static number => number + 1, value);

    private static int Call(Func<int, int> function, int value) => function(value);

    private static int NullTest<T>(T value) => value is null ? 1 : 0;

    private readonly struct Point(int x, int y)
    {
        public int X { get; } = x + y;
    }

    private struct Pooled : IPooled<RunTimeThing>
    {
        private static Links<RunTimeThing> s_links;

        public static RunTimeThing Create() => new();

        public static int Bytes => 24;

        public static ref Links<RunTimeThing> Of(RunTimeThing item) => ref s_links;
    }
}
