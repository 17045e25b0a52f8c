// The root file system of a guest that runs tests.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Testing.Guest;

internal static class CaseRoot
{
    /// <summary>The cases have the same packages.</summary>
    public static RootArchive Create(IReadOnlyList<GuestCase> cases)
    {
        var root = GuestRoot.Create(new GuestPlan(Command: null));
        DebianPackages.AddTo(root, cases[0].Packages.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        root.AddDirectory("tests/bin");
        root.AddText("etc/jiffy/batch", BatchScript.Create(cases));
        foreach (var item in cases.Where(item => item.Kind == CaseKind.Shell))
            root.AddFile(BatchScript.ScriptPath(item), item.Script ?? File.ReadAllBytes(item.File));
        foreach (var tool in Directory.GetFiles(CasePrograms.Tools))
            root.AddFile(BatchScript.ProgramPath(Path.GetFileName(tool)), File.ReadAllBytes(tool), executable: true);
        foreach (var binary in cases.SelectMany(item => item.Binaries).Distinct())
            root.AddFile(BatchScript.ProgramPath(binary), File.ReadAllBytes(CasePrograms.BinaryPath(binary)), executable: true);
        return root;
    }
}
