// Handlers given as arguments: where a parameter is marked [HardirqContext] or [SoftirqContext], the delegate that is made for it runs there.
// It is the last of the parameter's type that is made before the call; a delegate that comes from elsewhere is found by its type only.
using System.Collections.Generic;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;

namespace Jiffy.Checks.Rules;

internal static class HandlerArguments
{
    /// <summary>The handlers that a method gives away, and in which context each runs.</summary>
    public static IEnumerable<(string Context, MethodDefinition Handler)> In(MethodDefinition method, DelegateTargets delegates)
    {
        foreach (var instruction in method.Body.Instructions.Where(CallGraph.IsCall))
        {
            if (CodeBase.TryResolve((MethodReference)instruction.Operand) is not { HasParameters: true } called)
                continue;
            foreach (var parameter in called.Parameters.Where(parameter => parameter.HasCustomAttributes))
            {
                if (ContextOf(parameter) is { } context && delegates.LastBefore(method, instruction, parameter.ParameterType) is { } handler)
                    yield return (context, handler);
            }
        }
    }

    private static string? ContextOf(ParameterDefinition parameter)
    {
        foreach (var attribute in parameter.CustomAttributes)
        {
            switch (attribute.AttributeType.Name)
            {
                case "HardirqContextAttribute":
                    return "hardirq";
                case "SoftirqContextAttribute":
                    return "softirq";
            }
        }
        return null;
    }
}
