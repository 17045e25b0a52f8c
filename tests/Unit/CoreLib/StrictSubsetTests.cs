// The core library offers nothing that .NET does not offer in the same words: kernel sources compile against both.
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;
using Xunit;

namespace Jiffy.Tests.Unit.CoreLib;

public class StrictSubsetTests
{
    // What the compiler from IL wants in the system assembly and .NET keeps to itself; kernel code has no use for it.
    private static readonly string[] CompilerContract =
    [
        "System.Runtime.RuntimeExportAttribute", "System.Runtime.RuntimeImportAttribute",
        "System.Runtime.CompilerServices.IntrinsicAttribute",
    ];

    [Fact]
    public void Every_public_member_is_one_of_dotnets()
    {
        var dotnet = PublicSurface.Of(typeof(object).Assembly.Location);
        var own = PublicSurface.Of(Built("CoreLib", "Jiffy.CoreLib.dll"));
        var extra = own
            .Where(line => !line.StartsWith("Internal.Runtime", System.StringComparison.Ordinal))
            .Where(line => !CompilerContract.Contains(line.Split(':')[0]))
            .Where(line => !dotnet.Contains(line))
            .ToArray();
        Assert.True(extra.Length == 0, "not in .NET:\n" + string.Join('\n', extra));
    }

    [Fact]
    public void The_comparison_sees_members() =>
        Assert.Contains("System.Span`1: System.Span`1<!0> Slice(System.Int32, System.Int32)", PublicSurface.Of(Built("CoreLib", "Jiffy.CoreLib.dll")));

    // Beside this test's own output, in the same configuration.
    private static string Built(string project, string file)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(System.AppContext.BaseDirectory));
        return Repository.In("artifacts", "bin", project, configuration, file);
    }
}
