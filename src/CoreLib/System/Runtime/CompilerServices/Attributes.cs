// Attributes and marker types that the C# compiler looks for or emits.
namespace System.Runtime.CompilerServices;

public sealed class IntrinsicAttribute : Attribute
{
}

public sealed class ExtensionAttribute : Attribute
{
}

public sealed class CompilerGeneratedAttribute : Attribute
{
}

public sealed class IsReadOnlyAttribute : Attribute
{
}

public sealed class RequiresLocationAttribute : Attribute
{
}

public sealed class IsByRefLikeAttribute : Attribute
{
}

public sealed class IsUnmanagedAttribute : Attribute
{
}

public sealed class ScopedRefAttribute : Attribute
{
}

public sealed class RefSafetyRulesAttribute : Attribute
{
    public RefSafetyRulesAttribute(int version) { }
}

public sealed class NullableAttribute : Attribute
{
    public NullableAttribute(byte value) { }
    public NullableAttribute(byte[] value) { }
}

public sealed class NullableContextAttribute : Attribute
{
    public NullableContextAttribute(byte value) { }
}

public sealed class NullablePublicOnlyAttribute : Attribute
{
    public NullablePublicOnlyAttribute(bool includesInternals) { }
}

public sealed class IndexerNameAttribute : Attribute
{
    public IndexerNameAttribute(string indexerName) { }
}

public sealed class FixedBufferAttribute : Attribute
{
    public FixedBufferAttribute(Type elementType, int length) { }
}

public sealed class UnsafeValueTypeAttribute : Attribute
{
}

public sealed class InlineArrayAttribute : Attribute
{
    public InlineArrayAttribute(int length) { }
}

public sealed class InterpolatedStringHandlerAttribute : Attribute
{
}

public sealed class InterpolatedStringHandlerArgumentAttribute : Attribute
{
    public InterpolatedStringHandlerArgumentAttribute(string argument) { }
}

public sealed class CompilerFeatureRequiredAttribute : Attribute
{
    public CompilerFeatureRequiredAttribute(string featureName) { }

    public const string RefStructs = nameof(RefStructs);
    public const string RequiredMembers = nameof(RequiredMembers);

    public bool IsOptional { get; init; }
}

public sealed class RequiredMemberAttribute : Attribute
{
}

public sealed class SkipLocalsInitAttribute : Attribute
{
}

public sealed class ModuleInitializerAttribute : Attribute
{
}

public sealed class PreserveBaseOverridesAttribute : Attribute
{
}

public sealed class RuntimeCompatibilityAttribute : Attribute
{
    public bool WrapNonExceptionThrows { get; set; }
}

public sealed class CompilationRelaxationsAttribute : Attribute
{
    public CompilationRelaxationsAttribute(int relaxations) { }
}

public sealed class CallerFilePathAttribute : Attribute
{
}

public sealed class CallerLineNumberAttribute : Attribute
{
}

public sealed class CallerMemberNameAttribute : Attribute
{
}

public sealed class CallerArgumentExpressionAttribute : Attribute
{
    public CallerArgumentExpressionAttribute(string parameterName) { }
}

public sealed class CollectionBuilderAttribute : Attribute
{
    public CollectionBuilderAttribute(Type builderType, string methodName) { }
}

public sealed class OverloadResolutionPriorityAttribute : Attribute
{
    public OverloadResolutionPriorityAttribute(int priority) { }
}

public sealed class TupleElementNamesAttribute : Attribute
{
    public TupleElementNamesAttribute(string?[] transformNames) { }
}

public sealed class ParamCollectionAttribute : Attribute
{
}

[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class InternalsVisibleToAttribute : Attribute
{
    public InternalsVisibleToAttribute(string assemblyName) { }
}

public static class IsVolatile
{
}

public static class IsExternalInit
{
}

public class CallConvCdecl
{
}

public class CallConvSuppressGCTransition
{
}

[Flags]
public enum MethodImplOptions
{
    NoInlining = 8,
    NoOptimization = 64,
    AggressiveInlining = 256,
    AggressiveOptimization = 512,
    InternalCall = 4096,
}

public sealed class MethodImplAttribute : Attribute
{
    public MethodImplAttribute(MethodImplOptions methodImplOptions) { }
}
