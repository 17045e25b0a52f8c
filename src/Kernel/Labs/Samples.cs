// Numbers measured one by one and told all together: the host works out medians and draws distributions.
// Guard: whoever measures adds; one experiment runs at a time, and writes when it is over.
using Jiffy.Kernel.Files;

namespace Jiffy.Kernel.Labs;

internal sealed class Samples
{
    public const int Most = 4000;

    private readonly long[] _values = new long[Most];

    /// <summary>What experiments measure with. Two, since some measure two things at once.</summary>
    public static Samples First { get; private set; } = null!;

    public static Samples Second { get; private set; } = null!;

    public int Count { get; private set; }

    public bool IsFull => Count == Most;

    public static void Init()
    {
        First = new Samples();
        Second = new Samples();
    }

    public void Clear() => Count = 0;

    /// <summary>One more; what does not fit is dropped. Any context.</summary>
    public void Add(long value)
    {
        if (Count < Most)
            _values[Count++] = value;
    }

    /// <summary>Writes "NAME=1,2,3", a word of a row.</summary>
    public void WriteTo(PagedText text, string name)
    {
        text.Append($" {name}=");
        for (var i = 0; i < Count; i++)
            text.Append($"{_values[i]},");
    }
}
