// Reading what apt-cache says of dependencies, and the packages that follow.
using System.Collections.Generic;
using Jiffy.Cli.Root;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public sealed class PackageDependenciesTests
{
    private const string Told = """
        program
          PreDepends: library
         |Depends: one
          Depends: other
          Depends: <virtual>
            provider
            other-provider
          Depends: python
        library
          Depends: base
        base
          Depends: library
        one
        other
        <virtual>
        provider
        other-provider
        python
          Depends: large
        large
        """;

    private static IReadOnlyList<string> Closure(string[] names, params string[] leftOut) =>
        PackageDependencies.Parse(Told.Split('\n')).Closure(names, new HashSet<string>(leftOut));

    [Fact]
    public void Needed_packages_come_first_and_circles_end() => Assert.Equal(["base", "library"], Closure(["library"]));

    [Fact]
    public void The_first_alternative_and_the_first_provider_are_taken() =>
        Assert.Equal(["base", "library", "one", "provider", "large", "python", "program"], Closure(["program"]));

    [Fact]
    public void An_alternative_that_is_there_already_is_enough() =>
        Assert.Equal(["other", "other-provider", "base", "library", "large", "python", "program"], Closure(["other", "other-provider", "program"]));

    [Fact]
    public void What_is_left_out_takes_along_what_only_it_needs() =>
        Assert.Equal(["base", "library", "one", "provider", "program"], Closure(["program"], "python"));

    [Fact]
    public void Names_in_brackets_are_no_packages()
    {
        var dependencies = PackageDependencies.Parse(Told.Split('\n'));
        Assert.True(dependencies.Knows("base"));
        Assert.False(dependencies.Knows("<virtual>"));
        Assert.False(dependencies.Knows("unknown"));
    }
}
