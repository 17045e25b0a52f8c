// One rule of the house, and what a run of it found.
using System.Collections.Generic;

namespace Jiffy.Checks;

/// <param name="Name">The test's name behind `checks/`.</param>
/// <param name="Summary">Figures for the reader when all is well.</param>
/// <param name="Findings">Each breaks the rule; lines after the first of a finding are its proof.</param>
internal sealed record CheckReport(string Name, string Summary, IReadOnlyList<string> Findings)
{
    public bool Passed => Findings.Count == 0;
}
