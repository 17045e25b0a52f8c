using Jiffy.Cli.Build;
using Xunit;

namespace Jiffy.Tests.Unit.Cli.Build;

/// <summary>Named in the tests below as the compiler would name it.</summary>
public class NamedThing<T>
{
    public static int Count(T item) => item is null ? 0 : 1;

    public class Inner
    {
        public static void Run_now()
        {
        }
    }
}

public class ReadableNamesTests
{
    private const string Prefix = "Jiffy_Tests_Unit_Jiffy_Tests_Unit_Cli_Build_";
    private static readonly ReadableNames Names = new([typeof(ReadableNamesTests).Assembly.Location]);

    [Theory]
    [InlineData(Prefix + "Leb128Tests__What_is_written_is_read", "Jiffy.Tests.Unit.Cli.Build.Leb128Tests.What_is_written_is_read")]
    [InlineData(Prefix + "Leb128Tests__What_is_written_is_read_2", "Jiffy.Tests.Unit.Cli.Build.Leb128Tests.What_is_written_is_read")]
    [InlineData(Prefix + "NamedThing_1<Int32>__Count", "Jiffy.Tests.Unit.Cli.Build.NamedThing<int>.Count")]
    [InlineData("unbox_" + Prefix + "NamedThing_1<System___Canon>__Count", "Jiffy.Tests.Unit.Cli.Build.NamedThing<class>.Count")]
    [InlineData(Prefix + "NamedThing_1<" + Prefix + "Leb128Tests>__Count", "Jiffy.Tests.Unit.Cli.Build.NamedThing<Leb128Tests>.Count")]
    [InlineData(Prefix + "NamedThing_1_Inner<UInt8>__Run_now", "Jiffy.Tests.Unit.Cli.Build.NamedThing.Inner<byte>.Run_now")]
    public void Symbols_become_names_as_in_the_sources(string symbol, string name) => Assert.Equal(name, Names.Of(symbol));

    [Theory]
    [InlineData("memmove")]
    [InlineData(Prefix + "NoSuchType__Method")]
    [InlineData(Prefix + "Leb128Tests__NoSuchMethod")]
    public void Other_symbols_stay_as_they_are(string symbol) => Assert.Equal(symbol, Names.Of(symbol));
}
