// The entry of the command-line tool: parses the command line and runs one command.
// Exit status 2 means that the command line was wrong; every command documents its own others.
using System.CommandLine;
using Jiffy.Cli.Commands;

namespace Jiffy.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        var root = new RootCommand("Jiffy: a Linux-compatible kernel in C#.");
        root.Subcommands.Add(BuildCommand.Create());
        return root.Parse(arguments).Invoke();
    }
}
