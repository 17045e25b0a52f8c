// A console under test: what it prints, piece by piece, and what it prints it into. The same for a virtual machine and
// for a program of the host on a pseudo-terminal. Threads: one reads the stream, the test's own takes the pieces.
using System;
using System.Collections.Concurrent;
using System.IO;
using System.Text;
using System.Threading;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Testing.Guest;

internal sealed class CaseConsole
{
    private readonly BlockingCollection<ConsolePiece> _pieces = [];
    private readonly Action<byte[]> _type;

    /// <param name="output">Read to its end by a thread of this object.</param>
    public CaseConsole(Stream output, Action<byte[]> type)
    {
        _type = type;
        new Thread(() => Pump(output)) { IsBackground = true, Name = "console" }.Start();
    }

    public void Type(byte[] keys) => _type(keys);

    /// <summary>The next piece, or false at the deadline or at the stream's end.</summary>
    public bool TryTake(DateTime deadline, out ConsolePiece piece)
    {
        var left = deadline - DateTime.UtcNow;
        return _pieces.TryTake(out piece, left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    /// <summary>True when the stream has ended and all of it was taken.</summary>
    public bool HasEnded => _pieces.IsCompleted;

    private void Pump(Stream output)
    {
        var marks = new ConsoleMarks();
        var buffer = new byte[1 << 14];
        try
        {
            for (int count; (count = output.Read(buffer)) > 0;)
                foreach (var piece in marks.Take(buffer.AsMemory(0, count)))
                    _pieces.Add(piece.Mark is null ? new ConsolePiece(piece.Output.ToArray(), null) : piece);
            if (marks.Rest() is { Length: > 0 } rest)
                _pieces.Add(new ConsolePiece(rest, null));
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The other side was killed.
        }
        _pieces.CompleteAdding();
    }
}

/// <summary>What a case printed, as text: one character for each byte, and lines that end in \n alone.</summary>
internal sealed class CaseTranscript
{
    private readonly StringBuilder _text = new();

    public void Add(ReadOnlySpan<byte> bytes)
    {
        // A case that prints without end must not fill our memory.
        if (_text.Length < 16 << 20)
            _text.Append(Encoding.Latin1.GetString(bytes));
    }

    public override string ToString() => _text.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
}
