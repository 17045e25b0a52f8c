// Only for the ToString that the C# compiler writes for record types; nothing else needs it, and it allocates.
namespace System.Text;

public sealed class StringBuilder
{
    private char[] _text = new char[32];
    private int _length;

    public StringBuilder Append(char value)
    {
        if (_length == _text.Length)
        {
            var larger = new char[2 * _length];
            _text.CopyTo(larger);
            _text = larger;
        }
        _text[_length++] = value;
        return this;
    }

    public StringBuilder Append(string? value)
    {
        foreach (var c in value.AsSpan())
            Append(c);
        return this;
    }

    public StringBuilder Append(object? value) => Append(value?.ToString());

    public override string ToString() => string.Create(_text.AsSpan(0, _length));
}
