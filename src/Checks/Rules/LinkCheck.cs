// The documents stay true: every file a document links to exists, and every `Type.Member` that docs/Ways.md names is in the code.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Jiffy.Checks.Code;

namespace Jiffy.Checks.Rules;

internal static partial class LinkCheck
{
    public const string Rule = "documents";

    // Documents whose every `Type.Member` must exist.
    private static readonly string[] Guides = ["Ways.md", "Debugging.md"];

    public static CheckReport Run(CodeBase code, string root)
    {
        var documents = Directory.GetFiles(root, "*.md").Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal).ToArray();
        var findings = documents.SelectMany(file => BrokenLinks(root, file)).ToList();
        var names = MemberNames(code);
        foreach (var file in documents.Where(file => Guides.Contains(Path.GetFileName(file))))
            findings.AddRange(UnknownMembers(File.ReadAllText(file), names).Select(name => $"{Path.GetRelativePath(root, file)}: no `{name}` in the code"));
        return new CheckReport(Rule, $"{documents.Length} documents, every link leads somewhere", findings);
    }

    public static IEnumerable<string> BrokenLinks(string root, string file)
    {
        foreach (Match link in Links().Matches(Fences().Replace(File.ReadAllText(file), "")))
        {
            var target = link.Groups[1].Value.Split('#')[0];
            if (target.Length == 0 || target.Contains("://"))
                continue;
            var path = Path.Combine(Path.GetDirectoryName(file)!, target);
            if (!File.Exists(path) && !Directory.Exists(path))
                yield return $"{Path.GetRelativePath(root, file)}: links to {target}, which is not there";
        }
    }

    public static IEnumerable<string> UnknownMembers(string text, IReadOnlySet<string> known) =>
        Members().Matches(Fences().Replace(text, "")).Select(match => match.Groups[1].Value).Distinct().Where(name => !known.Contains(name));

    /// <summary>Type.Member of everything, properties and fields too; types by their simple names.</summary>
    public static IReadOnlySet<string> MemberNames(CodeBase code)
    {
        var names = new HashSet<string>();
        foreach (var type in code.Types)
        {
            var name = type.Name.Split('`')[0];
            var members = type.Methods.Select(item => item.Name.Split('.')[^1]).Concat(type.Fields.Select(item => item.Name))
                .Concat(type.Properties.Select(item => item.Name)).Concat(type.NestedTypes.Select(item => item.Name));
            foreach (var member in members)
                names.Add($"{name}.{member}");
        }
        return names;
    }

    [GeneratedRegex(@"\[[^\]\n]*\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    // `Type.Member` or `Type.Member(...)`, but no file name.
    [GeneratedRegex(@"`([A-Z]\w+\.(?!cs\b|md\b)[A-Z_]\w+)(?:\([^`]*\))?`")]
    private static partial Regex Members();
}
