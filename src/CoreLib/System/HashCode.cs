// A mixing function in the manner of splitmix. Values differ from .NET's, which differ from run to run anyway.
namespace System;

public static class HashCode
{
    public static int Combine<T1>(T1 value1) => Finish(Add(0, value1));

    public static int Combine<T1, T2>(T1 value1, T2 value2) => Finish(Add(Add(0, value1), value2));

    public static int Combine<T1, T2, T3>(T1 value1, T2 value2, T3 value3) => Finish(Add(Add(Add(0, value1), value2), value3));

    public static int Combine<T1, T2, T3, T4>(T1 value1, T2 value2, T3 value3, T4 value4) =>
        Finish(Add(Add(Add(Add(0, value1), value2), value3), value4));

    private static ulong Add<T>(ulong hash, T value)
    {
        var code = value is null ? 0 : value.GetHashCode();
        return (hash ^ (uint)code) * 0x9e3779b97f4a7c15;
    }

    private static int Finish(ulong hash) => (int)(hash ^ (hash >> 32));
}
