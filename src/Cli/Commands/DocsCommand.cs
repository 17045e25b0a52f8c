// `jiffy docs`: writes the documents that are made from the code.
using System.CommandLine;
using Jiffy.Cli.Host;
using Jiffy.Cli.Testing;

namespace Jiffy.Cli.Commands;

internal static class DocsCommand
{
    public static Command Create()
    {
        var command = new Command("docs", "Write the documents that are made from the code: docs/Locks.md, docs/Contexts.md, docs/TaskStates.md. `jiffy test checks` tells when they are out of date.");
        command.SetAction(_ =>
        {
            Prerequisites.Require(Prerequisites.ForBuild);
            BuildCommand.BuildImage();
            var result = Checker.Run(["--write", "locks", "context-table", "task-states"]);
            if (!result.Succeeded)
                throw new CliFailure(result.Output.TrimEnd());
            Report.Progress("docs/Locks.md, docs/Contexts.md and docs/TaskStates.md are up to date");
            return ExitStatus.Success;
        });
        return command.WithExamples("jiffy docs");
    }
}
