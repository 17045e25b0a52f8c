// What packages depend on, as `apt-cache depends --recurse` prints it, and the set of packages that a few names need.
using System;
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Root;

internal sealed class PackageDependencies
{
    // Each dependency is a list of names of which one is enough.
    private readonly Dictionary<string, List<List<string>>> _needs = [];

    /// <summary>
    /// A package's name at the line's start, its dependencies indented below; "|" says that the next line will do as well; below a name in
    /// angle brackets, which no package has, stand the packages that provide it.
    /// </summary>
    public static PackageDependencies Parse(IEnumerable<string> lines)
    {
        var result = new PackageDependencies();
        List<List<string>>? needs = null;
        var goesOn = false;
        foreach (var line in lines.Where(line => line.Length > 0))
        {
            if (line[0] is not (' ' or '|'))
            {
                result._needs[line.Trim()] = needs = [];
                goesOn = false;
            }
            else if (needs is not null && line.Contains("Depends: ", StringComparison.Ordinal))
            {
                var name = line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..].Trim();
                if (!goesOn)
                    needs.Add([]);
                if (!name.StartsWith('<'))
                    needs[^1].Add(name);
                goesOn = line[1] == '|' || line[0] == '|';
            }
            else if (needs is { Count: > 0 } && line.StartsWith("    ", StringComparison.Ordinal))
                needs[^1].Add(line.Trim());
        }
        return result;
    }

    public bool Knows(string name) => _needs.ContainsKey(name) && !name.StartsWith('<');

    /// <summary>The names and all they need, what is needed before what needs it, but for circles. Of alternatives one that is there already, or the first.</summary>
    public IReadOnlyList<string> Closure(IEnumerable<string> names, IReadOnlySet<string> leftOut)
    {
        var order = new List<string>();
        var seen = new HashSet<string>(leftOut);
        foreach (var name in names)
            Visit(name, seen, order);
        return order;
    }

    private void Visit(string name, HashSet<string> seen, List<string> order)
    {
        if (!seen.Add(name))
            return;
        foreach (var choices in _needs.GetValueOrDefault(name) ?? [])
            if (choices.Count > 0 && !choices.Exists(seen.Contains))
                Visit(choices[0], seen, order);
        order.Add(name);
    }
}
