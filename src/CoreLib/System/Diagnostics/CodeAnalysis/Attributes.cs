// Attributes that tell the C# compiler about null, control flow and references.
namespace System.Diagnostics.CodeAnalysis;

public sealed class AllowNullAttribute : Attribute
{
}

public sealed class DisallowNullAttribute : Attribute
{
}

public sealed class MaybeNullAttribute : Attribute
{
}

public sealed class NotNullAttribute : Attribute
{
}

public sealed class MaybeNullWhenAttribute : Attribute
{
    public MaybeNullWhenAttribute(bool returnValue) { }
}

public sealed class NotNullWhenAttribute : Attribute
{
    public NotNullWhenAttribute(bool returnValue) { }
}

[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property | AttributeTargets.ReturnValue, AllowMultiple = true)]
public sealed class NotNullIfNotNullAttribute : Attribute
{
    public NotNullIfNotNullAttribute(string parameterName) { }
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = true)]
public sealed class MemberNotNullAttribute : Attribute
{
    public MemberNotNullAttribute(string member) { }
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = true)]
public sealed class MemberNotNullWhenAttribute : Attribute
{
    public MemberNotNullWhenAttribute(bool returnValue, string member) { }
}

public sealed class DoesNotReturnAttribute : Attribute
{
}

public sealed class DoesNotReturnIfAttribute : Attribute
{
    public DoesNotReturnIfAttribute(bool parameterValue) { }
}

public sealed class UnscopedRefAttribute : Attribute
{
}

public sealed class SetsRequiredMembersAttribute : Attribute
{
}

public sealed class ConstantExpectedAttribute : Attribute
{
}

public sealed class ExperimentalAttribute : Attribute
{
    public ExperimentalAttribute(string diagnosticId) { }
}

[AttributeUsage(AttributeTargets.All, Inherited = false, AllowMultiple = true)]
public sealed class SuppressMessageAttribute : Attribute
{
    public SuppressMessageAttribute(string category, string checkId) { }

    public string? Scope { get; set; }
    public string? Target { get; set; }
    public string? MessageId { get; set; }
    public string? Justification { get; set; }
}
