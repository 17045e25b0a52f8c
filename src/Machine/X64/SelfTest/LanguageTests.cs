// Regression tests of compiler, core library and start-up code, run in the guest with selftest=lang on the command line.
// Each file tests one area. A failure prints the check's name; the last line counts.
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static partial class LanguageTests
{
    private static int s_passed, s_failed;

    internal static void RunAndExit()
    {
        Statics();
        Objects();
        Generics();
        Delegates();
        Arithmetic();
        SpansAndArrays();
        Values();
        Atomics();
        Blocks();
        HeapAndCalls();
        Stacks();
        Report();
        EmulatorExit.Leave((byte)(s_failed == 0 ? 0 : 1));
    }

    private static void Check(string name, bool holds)
    {
        if (holds)
        {
            s_passed++;
            return;
        }
        s_failed++;
        EarlyConsole.Write("lang: failed: ");
        EarlyConsole.WriteLine(name);
    }

    private static void Report()
    {
        EarlyConsole.Write("lang: ");
        EarlyConsole.Write(s_passed);
        EarlyConsole.Write(" passed, ");
        EarlyConsole.Write(s_failed);
        EarlyConsole.WriteLine(" failed");
    }

    // Hides a value from the optimiser.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T Opaque<T>(T value) => value;
}
