// The host's terminal while a guest uses it: raw, so that every key reaches the guest, ^C ^Z and ^\ included, and then
// exactly as it was. The settings are read and written by stty, which knows every system's layout of them.
using System;
using System.Diagnostics;

namespace Jiffy.Cli.Host;

internal sealed class Terminal : IDisposable
{
    private readonly string _settings;
    private bool _isRaw;

    private Terminal(string settings) => _settings = settings;

    /// <summary>The terminal on standard input, or null when that is a file, a pipe or nothing.</summary>
    public static Terminal? Open()
    {
        if (!Descriptors.IsTerminal(Descriptors.StandardInput))
            return null;
        var settings = Stty("-g");
        return string.IsNullOrEmpty(settings) ? null : new Terminal(settings);
    }

    /// <summary>As `stty -g` prints them.</summary>
    public string Settings => _settings;

    /// <summary>Rows and columns; 24 by 80 when the terminal does not know.</summary>
    public static (int Rows, int Columns) Size()
    {
        var words = (Stty("size") ?? "").Split(' ');
        return words.Length == 2 && int.TryParse(words[0], out var rows) && int.TryParse(words[1], out var columns) && rows > 0 && columns > 0
            ? (rows, columns)
            : (24, 80);
    }

    public void MakeRaw()
    {
        _isRaw = true;
        Stty("raw", "-echo");
    }

    /// <summary>Gives the terminal back as it was. May be called more than once and from a signal's handler.</summary>
    public void Dispose()
    {
        if (!_isRaw)
            return;
        _isRaw = false;
        Stty(_settings);
    }

    private static string? Stty(params string[] arguments)
    {
        var start = new ProcessStartInfo("stty", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start);
            if (process is null)
                return null;
            var output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
