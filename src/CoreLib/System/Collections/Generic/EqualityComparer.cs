// What record types and tuples compare their members with.
namespace System.Collections.Generic;

public class EqualityComparer<T>
{
    private static readonly EqualityComparer<T> s_default = new();

    internal EqualityComparer()
    {
    }

    public static EqualityComparer<T> Default => s_default;

    // For a value type the compiler decides the type test and removes the box.
    public virtual bool Equals(T? a, T? b)
    {
        if (a is null)
            return b is null;
        if (b is null)
            return false;
        if (a is IEquatable<T>)
            return ((IEquatable<T>)a).Equals(b);
        return a.Equals(b);
    }

    public virtual int GetHashCode(T value) => value is null ? 0 : value.GetHashCode();
}
