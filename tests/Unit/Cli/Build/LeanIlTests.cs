// This assembly itself is made lean and loaded a second time: its methods must do what they did, and have lost the regions that they can lose.
using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using Jiffy.Cli.Build;
using Xunit;

namespace Jiffy.Tests.Unit.Cli.Build;

public sealed class LeanIlTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"lean-{Guid.NewGuid():n}.dll");
    private readonly AssemblyLoadContext _context = new("lean", isCollectible: true);
    private readonly Type _lean;

    public LeanIlTests()
    {
        var (regions, clearings) = LeanIl.Write(typeof(LeanIlSamples).Assembly.Location, _file, isSafe: true);
        Assert.NotEqual(0, regions);
        Assert.NotEqual(0, clearings);
        using var file = File.OpenRead(_file);
        _lean = _context.LoadFromStream(file).GetType(typeof(LeanIlSamples).FullName!)!;
    }

    public void Dispose()
    {
        _context.Unload();
        File.Delete(_file);
    }

    [Theory]
    [InlineData(nameof(LeanIlSamples.One), 0)]
    [InlineData(nameof(LeanIlSamples.InLoop), 0)]
    [InlineData(nameof(LeanIlSamples.Nested), 0)]
    [InlineData(nameof(LeanIlSamples.InEnd), 0)]
    [InlineData(nameof(LeanIlSamples.AfterOther), 1)]
    [InlineData(nameof(LeanIlSamples.ManyWaysOut), 1)]
    [InlineData(nameof(LeanIlSamples.ThroughBoth), 2)]
    [InlineData(nameof(LeanIlSamples.Caught), 1)]
    [InlineData(nameof(LeanIlSamples.FarWayOut), 0)]
    public void A_method_does_what_it_did_with_so_many_regions(string name, int regions)
    {
        var lean = _lean.GetMethod(name)!;
        for (var argument = -1; argument < 5; argument++)
        {
            var expected = typeof(LeanIlSamples).GetMethod(name)!.Invoke(null, [argument]);
            Assert.Equal(expected, lean.Invoke(null, [argument]));
        }

        Assert.Equal(regions, lean.GetMethodBody()!.ExceptionHandlingClauses.Count);
    }

    [Fact]
    public void Only_methods_with_memory_on_the_stack_clear_their_locals()
    {
        Assert.False(_lean.GetMethod(nameof(LeanIlSamples.One))!.GetMethodBody()!.InitLocals);
        Assert.True(_lean.GetMethod(nameof(LeanIlSamples.OnStack))!.GetMethodBody()!.InitLocals);
        Assert.Equal(0, _lean.GetMethod(nameof(LeanIlSamples.OnStack))!.Invoke(null, [5]));
    }

    [Fact]
    public void Unsafe_code_keeps_its_clearing()
    {
        var (_, clearings) = LeanIl.Write(typeof(LeanIlSamples).Assembly.Location, _file, isSafe: false);
        Assert.Equal(0, clearings);
    }

    [Fact]
    public void All_that_is_left_can_still_be_read()
    {
        foreach (var method in _lean.Assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Public)))
            _ = method.GetMethodBody()?.ExceptionHandlingClauses.Count;
    }
}

/// <summary>Methods with every kind of region. What they tell is the order in which their parts ran.</summary>
public static class LeanIlSamples
{
    private ref struct Part(Span<int> told, int digit)
    {
        private readonly Span<int> _told = told;
        public readonly void Dispose() => _told[0] = _told[0] * 10 + digit;
    }

    public static int One(int argument)
    {
        var told = new int[1];
        using (new Part(told, 1))
            told[0] += argument;
        return told[0];
    }

    public static int InLoop(int argument)
    {
        var told = new int[1];
        for (var i = 0; i < argument; i++)
        {
            using (new Part(told, i))
            {
                if (i == 2)
                    continue;
                told[0]++;
            }
        }

        return told[0];
    }

    public static int Nested(int argument)
    {
        var told = new int[1];
        using (new Part(told, 1))
        {
            using (new Part(told, 2))
                told[0] += argument;
            told[0]++;
        }

        return told[0];
    }

    public static int InEnd(int argument)
    {
        var told = new int[1];
        try
        {
            told[0] += argument;
        }
        finally
        {
            using (new Part(told, 3))
                told[0]++;
            told[0]++;
        }

        return told[0];
    }

    public static int AfterOther(int argument)
    {
        var told = new int[1];
        using (new Part(told, 1))
        {
            if (argument == 2)
                return -1;
            told[0] += argument;
        }

        using (new Part(told, 2))
            told[0]++;
        return told[0];
    }

    public static int ManyWaysOut(int argument)
    {
        var told = new int[1];
        using (new Part(told, 1))
        {
            if (argument == 2)
                return told[0] - 7;
            told[0] += argument;
        }

        return told[0];
    }

    public static int ThroughBoth(int argument)
    {
        var told = new int[1];
        using (new Part(told, 1))
        {
            using (new Part(told, 2))
            {
                if (argument == 3)
                    return told[0] + 9;
                told[0] += argument;
            }

            told[0]++;
        }

        return told[0];
    }

    public static int Caught(int argument)
    {
        var told = new int[1];
        try
        {
            told[0] = 12 / argument;
        }
        catch (DivideByZeroException)
        {
            told[0] = -1;
        }

        using (new Part(told, 2))
            told[0]++;
        return told[0];
    }

    // More than a short jump's reach lies between.
    public static int FarWayOut(int argument)
    {
        var told = new int[1];
        using (new Part(told, 1))
        {
            if (argument > 3)
                goto end;
            told[0] += argument * 1001 + (argument ^ 2002) * 3003 + (argument ^ 4004) * 5005 + (argument ^ 6006) * 7007 + (argument ^ 8008) * 9009;
            told[0] += argument * 1101 + (argument ^ 2102) * 3103 + (argument ^ 4104) * 5105 + (argument ^ 6106) * 7107 + (argument ^ 8108) * 9109;
            told[0] += argument * 1201 + (argument ^ 2202) * 3203 + (argument ^ 4204) * 5205 + (argument ^ 6206) * 7207 + (argument ^ 8208) * 9209;
        end:
            told[0] &= 0xffff;
        }

        return told[0];
    }

    public static int OnStack(int argument)
    {
        Span<int> memory = stackalloc int[16];
        return memory[argument];
    }
}
