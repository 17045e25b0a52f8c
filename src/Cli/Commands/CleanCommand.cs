// `jiffy clean`: removes what was built.
using System.CommandLine;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Commands;

internal static class CleanCommand
{
    // This tool runs from these, and downloads cost others something.
    private static readonly string[] Kept = ["cache", "cli"];
    private static readonly string[] KeptProject = ["Cli"];

    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Also remove downloads and the tool itself; the next command builds it again." };
        var command = new Command("clean", "Remove what was built under artifacts/, but for downloads and the tool itself.");
        command.Options.Add(all);
        command.SetAction(result => Clean(result.GetValue(all)));
        return command.WithExamples("jiffy clean", "jiffy clean --all");
    }

    private static int Clean(bool all)
    {
        var artifacts = new DirectoryInfo(Repository.Artifacts);
        if (!artifacts.Exists)
            return ExitStatus.Success;
        if (all)
        {
            artifacts.Delete(recursive: true);
            return ExitStatus.Success;
        }
        foreach (var part in artifacts.EnumerateDirectories().Where(part => !Kept.Contains(part.Name)))
        {
            if (part.Name is not ("bin" or "obj"))
            {
                part.Delete(recursive: true);
                continue;
            }
            foreach (var project in part.EnumerateDirectories().Where(project => !KeptProject.Contains(project.Name)))
                project.Delete(recursive: true);
        }
        return ExitStatus.Success;
    }
}
