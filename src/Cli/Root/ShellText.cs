// Words for a POSIX shell, from raw bytes: whatever a command's argument contains, the guest's shell sees just that.
using System.Collections.Generic;
using System.IO;

namespace Jiffy.Cli.Root;

internal static class ShellText
{
    /// <summary>The word in single quotes; a quote inside becomes '\''.</summary>
    public static byte[] Quote(byte[] word)
    {
        var quoted = new MemoryStream(word.Length + 2);
        quoted.WriteByte((byte)'\'');
        foreach (var value in word)
        {
            if (value == '\'')
                quoted.Write("'\\''"u8);
            else
                quoted.WriteByte(value);
        }
        quoted.WriteByte((byte)'\'');
        return quoted.ToArray();
    }

    /// <summary>A script of one line that becomes the given command.</summary>
    public static byte[] ExecScript(IEnumerable<byte[]> command)
    {
        var script = new MemoryStream();
        script.Write("exec"u8);
        foreach (var word in command)
        {
            script.WriteByte((byte)' ');
            script.Write(Quote(word));
        }
        script.WriteByte((byte)'\n');
        return script.ToArray();
    }
}
