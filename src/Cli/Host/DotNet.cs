// The .NET SDK that runs this tool, for building and testing other projects of the tree with the same one.
using System;
using System.Collections.Generic;
using System.IO;

namespace Jiffy.Cli.Host;

internal static class DotNet
{
    public static string Program =>
        Environment.GetEnvironmentVariable("JIFFY_DOTNET") is { Length: > 0 } given ? given : IsDotNet(Environment.ProcessPath) ? Environment.ProcessPath! : "dotnet";

    // The tool may also have been started through its own executable.
    private static bool IsDotNet(string? program) => Path.GetFileName(program) == "dotnet";

    // The compiler's server, which saves its start in each of many builds, ends by itself some minutes after the last one. Where CI says what it
    // is, nothing shall stay behind.
    private static bool SharesCompiler => string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));

    /// <summary>Builds a project quietly.</summary>
    public static HostResult Build(string project, IEnumerable<string>? more = null) =>
        HostCommand.Run(
            Program,
            ["build", project, "-v", "q", "-nologo", "-clp:NoSummary", "-nodeReuse:false", $"-p:UseSharedCompilation={(SharesCompiler ? "true" : "false")}", .. more ?? []],
            Repository.Root,
            TimeSpan.FromMinutes(10));
}
