// The C programs in user/, compiled for the guest. Each is static and built anew only when it or a header changed.
// user/README.md says what their headers mean.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing.Guest;

internal static class CasePrograms
{
    private static readonly string[] Warnings = ["-O2", "-Wall", "-Wextra", "-Werror"];

    /// <summary>Scripts that cases call.</summary>
    public static string Tools => Repository.In("tests", "Guest", "tools");

    /// <summary>Every run that the programs' headers ask for.</summary>
    public static IEnumerable<GuestCase> Cases() => Sources().SelectMany(CasesOf);

    /// <summary>Compiles the programs of these cases. Gives what the compiler said by program that did not compile.</summary>
    public static IReadOnlyDictionary<string, string> Build(IEnumerable<GuestCase> cases)
    {
        var failures = new Dictionary<string, string>();
        var wanted = cases.SelectMany(item => item.Binaries).ToHashSet();
        foreach (var program in Cases().Where(item => wanted.Contains(item.Binary)).DistinctBy(item => item.Binary))
            if (BuildOne(program) is { } message)
                failures[program.Binary] = message;
        return failures;
    }

    public static string BinaryPath(string binary) => Path.Combine(Repository.UserPrograms, binary);

    private static IEnumerable<GuestCase> CasesOf(string source)
    {
        var header = CaseHeader.Read(source);
        var name = Path.GetFileNameWithoutExtension(source);
        var libraries = header.Words("libc", "musl");
        var tests = header.Values("test") is { Count: > 0 } given ? given : [""];
        foreach (var library in libraries)
            for (var index = 0; index < tests.Count; index++)
            {
                var full = name + (libraries.Count > 1 ? $".{library}" : "") + (tests.Count > 1 ? $"#{index + 1}" : "");
                yield return header.ToCase(full, CaseKind.Program, usualCpus: "2") with
                {
                    Arguments = tests[index].Split(' ', StringSplitOptions.RemoveEmptyEntries),
                    Binary = $"{name}.{library}",
                    RunsOnHost = header.Value("host")?.Trim() switch { "no" => false, "root" => Environment.IsPrivilegedProcess, _ => true },
                };
            }
    }

    private static string? BuildOne(GuestCase program)
    {
        var output = BinaryPath(program.Binary);
        var header = CaseHeader.Read(program.File);
        var compiler = program.Binary.EndsWith(".musl", StringComparison.Ordinal) ? "musl-gcc" : "gcc";
        var newest = Sources("*.h").Append(program.File).Max(File.GetLastWriteTimeUtc);
        if (File.Exists(output) && File.GetLastWriteTimeUtc(output) > newest)
            return null;
        string[] words = [.. header.Words("flags", "-static"), .. Warnings, "-o", output, program.File];
        var result = HostCommand.Run(compiler, words, Path.GetDirectoryName(program.File), TimeSpan.FromMinutes(2));
        return result.Succeeded ? null : result.Output;
    }

    private static IEnumerable<string> Sources(string pattern = "*.c") =>
        Directory.Exists(Repository.In("user")) ? Directory.GetFiles(Repository.In("user"), pattern).Order(StringComparer.Ordinal) : [];
}
