// Builds and runs src/Checks on the IL of the image, which must be up to date.
using System;
using System.Collections.Generic;
using Jiffy.Cli.Build;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing;

internal static class Checker
{
    private const string Project = "src/Checks/Checks.csproj";

    /// <summary>Its output and status: 0 when all is well. Fails when it does not build.</summary>
    public static HostResult Run(IEnumerable<string> arguments)
    {
        var build = DotNet.Build(Project, ["-c", "Release"]);
        if (!build.Succeeded)
            throw new CliFailure($"{Project} does not build:\n{build.Output}");
        var program = Repository.In("artifacts", "bin", "Checks", "release", "Jiffy.Checks");
        return HostCommand.Run(program, [Repository.Root, new BuildOptions().Intermediate("il"), .. arguments], Repository.Root, TimeSpan.FromMinutes(5));
    }
}
