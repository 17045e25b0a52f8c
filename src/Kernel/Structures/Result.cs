// A value or an error number. The kernel has no exceptions: what can fail says so in its type.
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Structures;

public readonly struct Result<T>
{
    private readonly T _value;

    public Result(T value)
    {
        _value = value;
        Error = Errno.None;
    }

    public Result(Errno error)
    {
        _value = default!;
        Error = error;
    }

    public Errno Error { get; }
    public bool IsOk => Error == Errno.None;

    /// <summary>The value; meaningless when there is an error.</summary>
    public T Value => _value;

    public bool TryGet(out T value)
    {
        value = _value;
        return IsOk;
    }

    public static implicit operator Result<T>(T value) => new(value);
    public static implicit operator Result<T>(Errno error) => new(error);
}
