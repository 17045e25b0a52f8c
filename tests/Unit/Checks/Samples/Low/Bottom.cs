// A room below that uses one above.
using Jiffy.Tests.Unit.Checks.Samples.High;

namespace Jiffy.Tests.Unit.Checks.Samples.Low;

internal static class Bottom
{
    public static int Value => 1;

    public static int Upward() => Top.Value;
}
