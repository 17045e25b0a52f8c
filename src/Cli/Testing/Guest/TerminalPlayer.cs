// Plays a terminal case against a console.
using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Testing.Guest;

internal sealed class TerminalPlayer(CaseConsole console, CaseTranscript transcript)
{
    // What was printed since the last match. Carriage returns are dropped: patterns speak of lines.
    private readonly StringBuilder _fresh = new();

    /// <summary>A mark that came while the script was still waiting for something else, such as the case's end.</summary>
    public string? Mark { get; private set; }

    /// <summary>Plays all steps. Null when all went well, else what went wrong.</summary>
    public string? Play(IReadOnlyList<TerminalStep> steps, DateTime deadline)
    {
        foreach (var step in steps)
        {
            var problem = step switch
            {
                SendStep send => Send(send),
                WaitStep wait => WaitFor(wait, Earlier(deadline, DateTime.UtcNow + wait.Limit)),
                AbsentStep absent => absent.Pattern.IsMatch(_fresh.ToString()) ? $"{absent.Pattern} has appeared" : null,
                PauseStep pause => Pause(pause),
                _ => throw new InvalidOperationException(),
            };
            if (problem is not null)
                return $"line {step.Line}: {problem}";
        }
        return null;
    }

    private string? Send(SendStep send)
    {
        console.Type(send.Keys);
        return null;
    }

    private string? WaitFor(WaitStep wait, DateTime deadline)
    {
        while (true)
        {
            var match = wait.Pattern.Match(_fresh.ToString());
            if (match.Success)
            {
                _fresh.Remove(0, match.Index + match.Length);
                return null;
            }
            if (Mark is not null)
                return $"the shell ended before {wait.Pattern} appeared";
            if (!console.TryTake(deadline, out var piece))
                return console.HasEnded ? $"the machine ended before {wait.Pattern} appeared" : $"{wait.Pattern} did not appear in time";
            Take(piece);
        }
    }

    private string? Pause(PauseStep pause)
    {
        var until = DateTime.UtcNow + pause.Time;
        while (Mark is null && console.TryTake(until, out var piece))
            Take(piece);
        var left = until - DateTime.UtcNow;
        if (left > TimeSpan.Zero)
            Thread.Sleep(left);
        return null;
    }

    private void Take(ConsolePiece piece)
    {
        if (piece.Mark is { } mark)
        {
            Mark = mark;
            return;
        }
        transcript.Add(piece.Output.Span);
        _fresh.Append(Encoding.Latin1.GetString(piece.Output.Span).Replace("\r", "", StringComparison.Ordinal));
    }

    private static DateTime Earlier(DateTime one, DateTime other) => one < other ? one : other;
}
