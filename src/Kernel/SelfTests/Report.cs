// What a driver tells: lines "ok WHAT" and "FAIL WHAT", notes that begin with "#", rows of numbers for a table, and at the end a summary.
// Also the numbers it was given: "KEY=NUMBER". Context: the driver's thread. Guard: one driver runs at a time.
using System;
using Jiffy.Kernel.Files;

namespace Jiffy.Kernel.SelfTests;

public sealed class Report
{
    public const int LongestRequest = 200;

    private readonly byte[] _request = new byte[LongestRequest];
    private int _requestLength, _checks, _failures;

    private Report(PagedText text) => Text = text;

    /// <summary>For notes and rows.</summary>
    public PagedText Text { get; }

    /// <summary>Something did not hold.</summary>
    public bool HasFailed => _failures > 0;

    /// <summary>Null: no memory. Boot.</summary>
    internal static Report? Create() => PagedText.Create().TryGet(out var text) ? new Report(text) : null;

    internal void Begin(ReadOnlySpan<byte> request)
    {
        Text.Clear();
        request.CopyTo(_request);
        _requestLength = request.Length;
        _checks = 0;
        _failures = 0;
    }

    internal void End()
    {
        if (_checks > 0)
            Text.Append($"{(_failures == 0 ? "passed" : "failed")}: {_checks} checks, {_failures} failures\n");
    }

    /// <summary>Tells that something holds, or does not.</summary>
    public bool That(bool holds, string what)
    {
        Count(holds);
        Text.Append($"{(holds ? "ok" : "FAIL")} {what}\n");
        return holds;
    }

    public bool Equal(long actual, long expected, string what) => Compare(actual == expected, actual, expected, what, "expected");

    public bool AtLeast(long actual, long least, string what) => Compare(actual >= least, actual, least, what, "at least");

    public bool AtMost(long actual, long most, string what) => Compare(actual <= most, actual, most, what, "at most");

    private bool Compare(bool holds, long actual, long bound, string what, string relation)
    {
        Count(holds);
        if (holds)
            Text.Append($"ok {what}: {actual}\n");
        else
            Text.Append($"FAIL {what}: {actual}, {relation} {bound}\n");
        return holds;
    }

    private void Count(bool holds)
    {
        _checks++;
        if (!holds)
            _failures++;
    }

    /// <summary>The number given as NAME=NUMBER, or <paramref name="usual"/>.</summary>
    public long Number(ReadOnlySpan<byte> name, long usual)
    {
        var rest = new ReadOnlySpan<byte>(_request, 0, _requestLength);
        while (rest.Length > 0)
        {
            var end = rest.IndexOf((byte)' ');
            var word = end < 0 ? rest : rest.Slice(0, end);
            rest = end < 0 ? default : rest.Slice(end + 1);
            if (word.Length > name.Length && word[name.Length] == '=' && word.Slice(0, name.Length).SequenceEqual(name))
                return Parse(word.Slice(name.Length + 1), usual);
        }

        return usual;
    }

    private static long Parse(ReadOnlySpan<byte> digits, long usual)
    {
        var value = 0L;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9' || value > long.MaxValue / 20)
                return usual;
            value = value * 10 + (digit - '0');
        }

        return digits.Length == 0 ? usual : value;
    }
}
