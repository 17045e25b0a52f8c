// C# stacks for failure reports, cut down to the code that is under test.
using System;
using System.Diagnostics;
using System.IO;
using System.Text;

namespace Jiffy.Machine.Sim;

internal static class StackTexts
{
    private const int MostFrames = 24;

    /// <summary>The calling stack without the machine's own frames.</summary>
    public static string Here() => Describe(new StackTrace(1, fNeedFileInfo: true));

    public static string Of(Exception error) => Describe(new StackTrace(error, fNeedFileInfo: true));

    /// <summary>The innermost frame outside the machine: the place in the kernel that made a contract call.</summary>
    public static string Caller()
    {
        foreach (var frame in new StackTrace(1, fNeedFileInfo: true).GetFrames())
        {
            if (!IsMachine(frame))
                return Describe(frame);
        }
        return "";
    }

    private static string Describe(StackTrace trace)
    {
        var text = new StringBuilder();
        var count = 0;
        foreach (var frame in trace.GetFrames())
        {
            if (IsMachine(frame))
                continue;
            text.Append("        at ").AppendLine(Describe(frame));
            if (++count == MostFrames)
                break;
        }
        return text.ToString();
    }

    private static bool IsMachine(StackFrame frame)
    {
        var type = frame.GetMethod()?.DeclaringType;
        return type is null || type.Namespace == "Jiffy.Machine.Sim"
            || (type.Namespace?.StartsWith("System", StringComparison.Ordinal) ?? false)
            || (type.Namespace == "Jiffy.Machine" && type.Assembly == typeof(StackTexts).Assembly);
    }

    private static string Describe(StackFrame frame)
    {
        var method = frame.GetMethod();
        var name = $"{method?.DeclaringType?.Name}.{method?.Name}";
        var file = frame.GetFileName();
        return file is null ? name : $"{name} ({Path.GetFileName(file)}:{frame.GetFileLineNumber()})";
    }
}
