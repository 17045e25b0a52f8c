// Marks on the guest's console: ESC ] 777 ; jiffy ; TEXT BEL. The tool takes them out of the byte stream wherever they
// stand, also split over two reads, and passes on everything else unchanged and without holding it back.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Jiffy.Cli.Root;

/// <summary>Either bytes of output or one mark.</summary>
internal readonly record struct ConsolePiece(ReadOnlyMemory<byte> Output, string? Mark);

internal sealed class ConsoleMarks
{
    private const byte Bell = 7;
    private const int LongestMark = 512;
    private static ReadOnlySpan<byte> Prefix => "\x1b]777;jiffy;"u8;

    // The beginning of what may become a mark: a prefix of Prefix, or all of it and some text.
    private readonly List<byte> _held = [];

    public const string Ready = "ready";
    public const string StatusPrefix = "status=";

    /// <summary>Splits the next bytes from the console. What may be the start of a mark is kept for the next call.</summary>
    public IEnumerable<ConsolePiece> Take(ReadOnlyMemory<byte> bytes)
    {
        var output = new MemoryStream();
        for (var index = 0; index < bytes.Length; index++)
        {
            var value = bytes.Span[index];
            if (_held.Count < Prefix.Length)
            {
                if (value == Prefix[_held.Count])
                {
                    _held.Add(value);
                    continue;
                }
                Release(output);
                if (value == Prefix[0])
                    _held.Add(value);
                else
                    output.WriteByte(value);
                continue;
            }
            if (value == Bell)
            {
                if (output.Length > 0)
                    yield return new ConsolePiece(Drain(output), null);
                yield return new ConsolePiece(default, MarkText());
                _held.Clear();
                continue;
            }
            _held.Add(value);
            if (_held.Count > LongestMark)
                Release(output);
        }
        if (output.Length > 0)
            yield return new ConsolePiece(Drain(output), null);
    }

    /// <summary>At the end of the stream: what was held back after all.</summary>
    public byte[] Rest()
    {
        var rest = _held.ToArray();
        _held.Clear();
        return rest;
    }

    private string MarkText() => Encoding.UTF8.GetString(_held.ToArray().AsSpan(Prefix.Length));

    private void Release(Stream output)
    {
        output.Write(_held.ToArray());
        _held.Clear();
    }

    private static byte[] Drain(MemoryStream output)
    {
        var bytes = output.ToArray();
        output.SetLength(0);
        return bytes;
    }
}
