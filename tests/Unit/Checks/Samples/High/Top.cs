// A room above, and a part of a type of the room below: its file says where it belongs.
using Jiffy.Tests.Unit.Checks.Samples.Low;

namespace Jiffy.Tests.Unit.Checks.Samples.High;

internal static class Top
{
    public static int Value => 2;

    public static int Downward() => Bottom.Value;
}
