// The entry of the command-line tool: parses the command line and runs one command.
// Exit status 2 means that the command line was wrong; every command documents its own others.
using System.CommandLine;
using Jiffy.Cli.Commands;

namespace Jiffy.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        var root = new RootCommand("Jiffy: an operating-system kernel in C# that runs Linux programs. One command for all of it.");
        root.Subcommands.Add(RunCommand.Create());
        root.Subcommands.Add(BuildCommand.Create());
        root.Subcommands.Add(TestCommand.Create());
        root.Subcommands.Add(FuzzCommand.Create());
        root.Subcommands.Add(DebugCommand.Create());
        root.Subcommands.Add(BenchCommand.Create());
        root.Subcommands.Add(LabCommand.Create());
        root.Subcommands.Add(StatsCommand.Create());
        root.Subcommands.Add(DocsCommand.Create());
        root.Subcommands.Add(CleanCommand.Create());
        root.WithExamples(
            "jiffy run                  boot to a shell",
            "jiffy run -- ps            run one command in the guest",
            "jiffy test                 run all tests");
        return CommandLine.Run(root, arguments);
    }
}
