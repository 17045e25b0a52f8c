// docs/Layers.md as data: the rooms from the bottom up and which each may use, the types that belong to all, and the uses that go
// upward, type by type.
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Jiffy.Checks.Rules;

internal sealed partial class LayerTable
{
    private readonly Dictionary<string, string[]> _mayUse = [];
    private readonly List<string> _order = [];
    private readonly Dictionary<(string From, string Type), bool> _upward = [];

    /// <summary>Rooms named in wrong order, and the like.</summary>
    public List<string> Faults { get; } = [];

    public IReadOnlyList<string> Shared { get; private set; } = [];

    public int Upward => _upward.Count;

    /// <summary>Reads the tables under `## Rooms` and `## Upward`, and the names after `Shared types:`.</summary>
    public static LayerTable Parse(IEnumerable<string> lines)
    {
        var table = new LayerTable();
        var section = "";
        foreach (var line in lines)
        {
            if (line.StartsWith("## "))
                section = line[3..].Split(' ', ',')[0];
            else if (line.StartsWith("Shared types:"))
                table.Shared = Quoted(line);
            else if (line.StartsWith("| `") && section == "Rooms")
                table.AddRoom(line.Split('|'));
            else if (line.StartsWith("| `") && section == "Upward")
                table.AddUpward(line.Split('|'));
        }
        return table;
    }

    public static LayerTable Read(string file) => Parse(File.ReadLines(file));

    public IReadOnlyList<string> Rooms => _order;

    /// <summary>The room of a folder or namespace: the innermost that is one.</summary>
    public string RoomOf(string[] parts) => parts.Length > 1 && _order.Contains($"{parts[0]}.{parts[1]}") ? $"{parts[0]}.{parts[1]}" : parts[0];

    public bool Knows(string room) => _mayUse.ContainsKey(room);

    /// <summary>A use downward, or an upward one of just that type.</summary>
    public bool Allows(string from, string to, string type)
    {
        if (_mayUse.GetValueOrDefault(from)?.Contains(to) == true)
            return true;
        if (!_upward.ContainsKey((from, $"{to}.{type}")))
            return false;
        _upward[(from, $"{to}.{type}")] = true;
        return true;
    }

    /// <summary>Some use of the room is allowed: a file may name it in a `using`.</summary>
    public bool AllowsAny(string from, string to) =>
        from == to || _mayUse.GetValueOrDefault(from)?.Contains(to) == true || _upward.Keys.Any(key => key.From == from && key.Type.StartsWith(to + "."));

    public IEnumerable<string> UnusedUpward() => _upward.Where(item => !item.Value).Select(item => $"`{item.Key.From}` uses `{item.Key.Type}`");

    private void AddRoom(string[] cells)
    {
        var room = Quoted(cells[1])[0];
        var mayUse = Quoted(cells[^2]);
        foreach (var other in mayUse.Where(other => !_order.Contains(other)))
            Faults.Add($"docs/Layers.md: {room} may use {other}, which does not stand below it");
        _order.Add(room);
        _mayUse[room] = mayUse;
    }

    private void AddUpward(string[] cells)
    {
        // A room without a type: constants only, which compiled code does not show.
        foreach (var type in Quoted(cells[2]))
            _upward[(Quoted(cells[1])[0], type.Contains('.') ? type : type + ".")] = !type.Contains('.');
    }

    private static string[] Quoted(string text) => InQuotes().Matches(text).Select(match => match.Groups[1].Value).ToArray();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex InQuotes();
}
