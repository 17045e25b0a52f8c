// What `jiffy test` runs: suites, each a named part with tests of its own. Suites.All is the one list of them.
using System;
using System.Collections.Generic;
using System.IO.Enumeration;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing;

/// <param name="Name">PART/TEST, for guest tests with @CPUS behind it.</param>
/// <param name="Transcript">What a reader needs to understand a failure.</param>
internal sealed record TestResult(string Name, bool Passed, TimeSpan Duration, string Transcript = "");

/// <summary>What the user asked for.</summary>
internal sealed record TestRequest
{
    /// <summary>Names or wildcards of parts and tests. Empty: everything.</summary>
    public IReadOnlyList<string> Patterns { get; init; } = [];

    /// <summary>Also tests marked as long.</summary>
    public bool IncludesLong { get; init; }

    /// <summary>Guest tests with this number of CPUs only; null: with every number the test names.</summary>
    public int? Cpus { get; init; }

    /// <summary>Guest tests as programs of this host, to check the tests themselves against Linux.</summary>
    public bool OnHost { get; init; }

    /// <summary>How long the kernel's torture lasts.</summary>
    public int Seconds { get; init; } = 60;

    /// <summary>Where the kernel's own tests take their random numbers from; null: a new seed each time, which they print.</summary>
    public int? Seed { get; init; }

    /// <summary>How guests are run.</summary>
    public MachineOptions Machine { get; init; } = new();

    /// <summary>True when a pattern names the test, its part, its last component, or the test without its CPUs.</summary>
    public bool Wants(string name)
    {
        if (Patterns.Count == 0)
            return true;
        var slash = name.IndexOf('/');
        var test = name[(slash + 1)..];
        string[] names = [name, slash < 0 ? name : name[..slash], test, test.Split('.')[^1], Before(test, '@'), Before(name, '@')];
        return Patterns.Any(pattern => names.Any(candidate => FileSystemName.MatchesSimpleExpression(pattern, candidate)));
    }

    /// <summary>
    /// True when a suite that must be built before it knows its tests may have one the request names: a name without its part may be in any
    /// suite, unless it is another part's name.
    /// </summary>
    public bool MightWantOf(string part) =>
        Wants(part) || Patterns.Any(pattern =>
            pattern.StartsWith(part + "/", StringComparison.OrdinalIgnoreCase)
            || !pattern.Contains('/') && Suites.All.All(suite => suite.Name != pattern));

    private static string Before(string text, char end) => text.Split(end)[0];
}

internal abstract class TestSuite
{
    /// <summary>The part's name on the command line.</summary>
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>False when the tree has nothing for it to test yet.</summary>
    public virtual bool Exists => true;

    /// <summary>False when a list takes a build first.</summary>
    public virtual bool ListsAtOnce => true;

    /// <summary>The full names of the tests the request selects.</summary>
    public abstract IReadOnlyList<string> List(TestRequest request);

    /// <summary>What the host must have for the tests that the request selects.</summary>
    public virtual IEnumerable<Prerequisite> Needs(TestRequest request) => [];

    /// <summary>What else is to be said after a run; null: nothing.</summary>
    public string? Remark { get; protected set; }

    /// <summary>Runs them, and reports each as it ends. A suite that cannot start reports that as a failure.</summary>
    public abstract void Run(TestRequest request, Action<TestResult> report);
}
