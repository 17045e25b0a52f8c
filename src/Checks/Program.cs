// Checks the compiled kernel and the documents against the rules of the house. Prints one line per check, `ok` or `FAIL` with
// its name, and under a failed one its findings; the exit status is 1 if one failed.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Checks.Code;
using Jiffy.Checks.Rules;

namespace Jiffy.Checks;

internal static class Program
{
    private const string Usage = """
        usage: Jiffy.Checks ROOT ASSEMBLIES [--write] [NAME...]
          ROOT        the repository
          ASSEMBLIES  the directory of the kernel's assemblies for bare metal
          --write     write the documents that are made from the code
          NAME        the checks to run; default: all
        """;

    private static readonly string[] Assemblies = ["Jiffy.Kernel.dll", "Jiffy.Machine.dll", "Jiffy.CoreLib.dll"];

    private static int Main(string[] arguments)
    {
        if (arguments.Length < 2)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        var checks = All(arguments[0], arguments[1], arguments.Contains("--write"));
        var names = arguments.Skip(2).Where(name => name != "--write").ToArray();
        var unknown = names.FirstOrDefault(name => !checks.ContainsKey(name));
        if (unknown is not null)
        {
            Console.Error.WriteLine($"no check has the name {unknown}; there are {string.Join(", ", checks.Keys)}");
            return 2;
        }
        var reports = checks.Where(check => names.Length == 0 || names.Contains(check.Key)).Select(check => check.Value()).ToArray();
        foreach (var report in reports)
            Print(report);
        return reports.All(report => report.Passed) ? 0 : 1;
    }

    private static Dictionary<string, Func<CheckReport>> All(string root, string assemblies, bool writes)
    {
        var allowed = Allowances.Read(Path.Combine(root, "src", "Checks", "Allowed.txt"));
        var kernel = new Lazy<CodeBase>(() => CodeBase.Load([Path.Combine(assemblies, Assemblies[0])]));
        var everything = new Lazy<CodeBase>(() => CodeBase.Load(Assemblies.Select(name => Path.Combine(assemblies, name))));
        var graph = new Lazy<CallGraph>(() => new CallGraph(everything.Value));
        return new Dictionary<string, Func<CheckReport>>
        {
            [AllocationCheck.Rule] = () => AllocationCheck.Run(everything.Value, graph.Value, allowed),
            [ExceptionCheck.Rule] = () => ExceptionCheck.Run(kernel.Value, allowed),
            [SafetyCheck.Rule] = () => SafetyCheck.Run(kernel.Value, allowed, Directory.GetFiles(Path.Combine(root, "src", "Kernel"), "*.csproj")),
            [ContextCheck.Rule] = () => ContextCheck.Run(everything.Value, graph.Value, allowed),
            [LayerCheck.Rule] = () => LayerCheck.Run(kernel.Value, root),
            [LockDocument.Rule] = () => LockDocument.Run(kernel.Value, root, writes),
            [ContextDocument.Rule] = () => ContextDocument.Run(everything.Value, graph.Value, root, writes),
            [StateDocument.Rule] = () => StateDocument.Run(kernel.Value, root, writes),
            [LinkCheck.Rule] = () => LinkCheck.Run(everything.Value, root),
        };
    }

    private static void Print(CheckReport report)
    {
        Console.WriteLine($"{(report.Passed ? "ok  " : "FAIL")} {report.Name}: {(report.Passed ? report.Summary : $"{report.Findings.Count} findings")}");
        foreach (var finding in report.Findings)
            Console.WriteLine("  " + finding.Replace("\n", "\n  "));
    }
}
