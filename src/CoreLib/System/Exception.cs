// Exceptions exist because the language and the compiler name them. Kernel code neither throws nor catches: a throw ends
// in the fault hook.
namespace System;

public class Exception
{
    private readonly string? _message;

    public Exception()
    {
    }

    public Exception(string? message) => _message = message;

    public virtual string Message => _message ?? "exception";
}
