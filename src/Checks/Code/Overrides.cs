// Which methods a virtual, interface or static abstract call can reach: every override in the code under check.
// Errs on the side of too many: types are not followed, and generic interface methods are matched by name and number of parameters.
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;

namespace Jiffy.Checks.Code;

internal sealed class Overrides
{
    private readonly Dictionary<string, List<MethodDefinition>> _byBase = [];

    public Overrides(IEnumerable<TypeDefinition> types)
    {
        foreach (var type in types)
        {
            foreach (var method in type.Methods)
            {
                foreach (var explicitly in method.Overrides)
                    Add(explicitly, method);
                if (method.IsVirtual)
                    AddImplicit(type, method);
            }
        }
    }

    /// <summary>The methods that stand in for <paramref name="method"/> somewhere; it is not among them.</summary>
    public IReadOnlyList<MethodDefinition> Of(MethodReference method) => _byBase.GetValueOrDefault(KeyOf(method)) ?? [];

    private void AddImplicit(TypeDefinition type, MethodDefinition method)
    {
        foreach (var ancestor in Ancestors(type))
        {
            foreach (var other in ancestor.Methods)
            {
                if (other.IsVirtual && other.Name == method.Name && other.Parameters.Count == method.Parameters.Count)
                    Add(other, method);
            }
        }
    }

    private void Add(MethodReference slot, MethodDefinition method)
    {
        var key = KeyOf(slot);
        if (!_byBase.TryGetValue(key, out var list))
            _byBase[key] = list = [];
        if (!list.Contains(method))
            list.Add(method);
    }

    /// <summary>Base classes and interfaces, all the way up.</summary>
    private static IEnumerable<TypeDefinition> Ancestors(TypeDefinition type)
    {
        var direct = type.Interfaces.Select(item => item.InterfaceType).Concat(type.BaseType is null ? [] : [type.BaseType]);
        foreach (var reference in direct)
        {
            if (CodeBase.TryResolve(reference) is not { } ancestor)
                continue;
            yield return ancestor;
            foreach (var further in Ancestors(ancestor))
                yield return further;
        }
    }

    private static string KeyOf(MethodReference method)
    {
        var element = method.GetElementMethod();
        return $"{element.DeclaringType.GetElementType().FullName}::{element.Name}/{element.Parameters.Count}";
    }
}
