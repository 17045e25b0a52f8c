// Scripts: a file that begins with #! names the program that reads it. man 2 execve, "Interpreter scripts".
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Tasks.Exec;

internal static class Script
{
    /// <summary>How much of the first line counts.</summary>
    public const int MaxLine = 256;

    /// <summary>Interpreters may be scripts themselves, to this depth; then ELOOP.</summary>
    public const int MaxDepth = 5;

    public static bool IsScript(ReadOnlySpan<byte> start) => start.Length >= 2 && start[0] == (byte)'#' && start[1] == (byte)'!';

    /// <summary>Takes the first line apart: the interpreter, and all that follows as one argument (may be empty). ENOEXEC: no interpreter, or cut off.</summary>
    public static Errno Parse(ReadOnlySpan<byte> start, out ReadOnlySpan<byte> interpreter, out ReadOnlySpan<byte> argument)
    {
        interpreter = default;
        argument = default;
        var line = start.Slice(2);
        var end = line.IndexOf((byte)'\n');
        var isWhole = end >= 0 || start.Length < MaxLine;
        if (end >= 0)
            line = line.Slice(0, end);
        line = Trim(line);
        var space = IndexOfBlank(line);
        if (line.Length == 0 || (space < 0 && !isWhole))
            return Errno.ENOEXEC;
        interpreter = space < 0 ? line : line.Slice(0, space);
        if (space >= 0)
            argument = Trim(line.Slice(space));
        return Errno.None;
    }

    private static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or 0;

    private static int IndexOfBlank(ReadOnlySpan<byte> line)
    {
        for (var i = 0; i < line.Length; i++)
        {
            if (IsBlank(line[i]))
                return i;
        }

        return -1;
    }

    /// <summary>What follows the last slash.</summary>
    public static ReadOnlySpan<byte> LastPart(ReadOnlySpan<byte> path)
    {
        for (var i = path.Length - 1; i >= 0; i--)
        {
            if (path[i] == (byte)'/')
                return path.Slice(i + 1);
        }

        return path;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line)
    {
        while (line.Length != 0 && IsBlank(line[0]))
            line = line.Slice(1);
        while (line.Length != 0 && IsBlank(line[line.Length - 1]))
            line = line.Slice(0, line.Length - 1);
        return line;
    }
}
