// Statics, classes, interfaces, generics, delegates.
using System;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static partial class LanguageTests
{
    private interface IShape
    {
        int Area();

        int TwiceArea() => Area() * 2;
    }

    private interface INamed
    {
        string Name { get; }
    }

    private abstract class Shape : IShape, INamed
    {
        public abstract int Area();

        public virtual string Name => "shape";
    }

    private sealed class Square : Shape
    {
        private readonly int _side;

        public Square(int side) => _side = side;

        public override int Area() => _side * _side;

        public override string Name => "square";
    }

    private sealed class Rectangle : Shape
    {
        private readonly int _width, _height;

        public Rectangle(int width, int height)
        {
            _width = width;
            _height = height;
        }

        public override int Area() => _width * _height;
    }

    private struct Point : IShape
    {
        public int X, Y;

        public int Area() => X * Y;
    }

    private sealed class Holder<T>
    {
        public static int Made;

        public readonly T Value;

        public Holder(T value)
        {
            Value = value;
            Made++;
        }
    }

    private interface IAddable<T> where T : IAddable<T>
    {
        static abstract T Zero { get; }

        static abstract T operator +(T a, T b);
    }

    private struct Metres : IAddable<Metres>
    {
        public int Value;

        public static Metres Zero => default;

        public static Metres operator +(Metres a, Metres b) => new() { Value = a.Value + b.Value };
    }

    private sealed class Node
    {
        public Node? Next;
        public int Value;
    }

    private static class Prepared
    {
        public static int Number = 42;
        public static readonly int[] Table = { 1, 2, 3, 5, 8 };
        public static string Text = "static string";
        public static object Marker = new();
        public static readonly ulong[] Large = new ulong[100];
        public static readonly Func<int, int> Function = static x => x + 1;
        public static Node? Reference;
    }

    private static void Statics()
    {
        Check("static number", Prepared.Number == 42);
        Check("static array", Prepared.Table.Length == 5 && Prepared.Table[4] == 8);
        Check("static string", Prepared.Text == "static string" && Prepared.Text.Length == 13);
        Check("static object", Opaque(Prepared.Marker) is not null && Prepared.Marker is not string);
        Prepared.Large[99] = 7;
        Check("static array is writable", Prepared.Large[99] == 7 && Prepared.Large[0] == 0);
        Check("static lambda", Prepared.Function(4) == 5);
        Prepared.Reference = new Node { Value = 1, Next = new Node { Value = 2 } };
        Check("static reference", Prepared.Reference.Next!.Value == 2);
    }

    private static void Objects()
    {
        var square = Opaque<Shape>(new Square(5));
        var rectangle = Opaque<Shape>(new Rectangle(2, 3));
        Check("virtual call", square.Area() == 25 && rectangle.Area() == 6);
        Check("virtual property", square.Name == "square" && rectangle.Name == "shape");
        Check("interface call", CallArea(square) == 25 && CallArea(rectangle) == 6 && CallArea(square) == 25);
        Check("second interface", CallName(square) == "square" && CallName(rectangle) == "shape");
        Check("default interface method", CallTwiceArea(square) == 50 && CallTwiceArea(new Point { X = 2, Y = 4 }) == 16);
        Check("interface on a boxed value", CallArea(new Point { X = 3, Y = 4 }) == 12);

        var any = Opaque<object>(square);
        Check("type test", any is Square && any is not Rectangle && any is IShape && any is INamed && any is not string);
        Check("as", any as Rectangle is null && any as Shape is not null);
        Check("cast", ((IShape)any).Area() == 25 && ((Shape)any).Area() == 25);
        var boxed = Opaque<object>(5);
        Check("box and unbox", boxed is int && boxed is not long && (int)boxed == 5);
        Check("switch on type", Describe(square) == 1 && Describe(rectangle) == 2 && Describe(boxed) == 3 && Describe("x") == 0);
        Check("hash and equality", any.Equals(square) && any.GetHashCode() == square.GetHashCode() && !any.Equals(boxed));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CallArea(IShape shape) => shape.Area();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CallTwiceArea(IShape shape) => shape.TwiceArea();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string CallName(INamed named) => named.Name;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Describe(object value) => value switch
    {
        Square => 1,
        Shape => 2,
        int => 3,
        _ => 0,
    };

    private static void Generics()
    {
        Check("generic class", Opaque(new Holder<int>(7)).Value == 7 && Opaque(new Holder<string>("q")).Value == "q");
        _ = new Holder<Node>(new Node());
        Check("generic statics", Holder<int>.Made == 1 && Holder<string>.Made == 1 && Holder<Node>.Made == 1 && Holder<Shape>.Made == 0);
        Check("constrained call", AreaOf(new Point { X = 3, Y = 5 }) == 15 && AreaOf<Shape>(new Square(5)) == 25);
        Check("static abstract members", Sum<Metres>([new Metres { Value = 3 }, new Metres { Value = 4 }]).Value == 7);
        Check("generic array", MakeArray<string>(3).Length == 3 && MakeArray<long>(4)[3] == 0);
        Check("generic type test", IsHolderOf<int>(new Holder<int>(1)) && !IsHolderOf<string>(new Holder<int>(1)));
        Check("default of a type", Default<int>() == 0 && Default<string>() is null && Default<Point>().X == 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int AreaOf<T>(T shape) where T : IShape => shape.Area();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T[] MakeArray<T>(int length) => new T[length];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsHolderOf<T>(object value) => value is Holder<T>;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T? Default<T>() => default;

    private static T Sum<T>(ReadOnlySpan<T> values) where T : IAddable<T>
    {
        var sum = T.Zero;
        foreach (var value in values)
            sum += value;
        return sum;
    }

    private static void Delegates()
    {
        var added = 10;
        Func<int, int> lambda = static x => x * 2;
        Func<int, int> closure = x => x + added;
        Func<int, int> method = Triple;
        Func<int> bound = Opaque<Shape>(new Square(5)).Area;
        Func<int> throughInterface = Opaque<IShape>(new Square(6)).Area;
        Func<int, int, int, int, int, int> five = static (a, b, c, d, e) => a + b + c + d + e;
        added = 20;
        Check("static lambda", Opaque(lambda)(4) == 8);
        Check("closure", Opaque(closure)(1) == 21);
        Check("delegate to a static method", Opaque(method)(3) == 9);
        Check("delegate to an instance", Opaque(bound)() == 25);
        Check("delegate to an interface method", Opaque(throughInterface)() == 36);
        Check("delegate with five arguments", Opaque(five)(1, 2, 3, 4, 5) == 15);
    }

    private static int Triple(int x) => x * 3;
}
