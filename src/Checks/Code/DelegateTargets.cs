// Which methods a call of a delegate can reach: every method that is made a delegate of that type somewhere.
// Where a type argument is still a parameter, any type fits.
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Code;

/// <param name="Maker">The method that makes the delegate.</param>
/// <param name="At">Where it is made there.</param>
internal sealed record DelegateSite(TypeReference Type, MethodDefinition Target, MethodDefinition Maker, Instruction At);

internal sealed class DelegateTargets
{
    private readonly List<DelegateSite> _sites = [];
    private readonly Dictionary<MethodDefinition, List<DelegateSite>> _byMaker = [];

    public DelegateTargets(CodeBase code)
    {
        foreach (var method in code.Methods.Where(method => method.HasBody))
        {
            MethodReference? pending = null;
            foreach (var instruction in method.Body.Instructions)
            {
                if (instruction.OpCode.Code is Mono.Cecil.Cil.Code.Ldftn or Mono.Cecil.Cil.Code.Ldvirtftn)
                    pending = (MethodReference)instruction.Operand;
                else if (pending is not null && instruction.OpCode == OpCodes.Newobj)
                {
                    if (code.Find(pending) is { } target)
                        Add(new DelegateSite(((MethodReference)instruction.Operand).DeclaringType, target, method, instruction));
                    pending = null;
                }
            }
        }
    }

    public IReadOnlyList<DelegateSite> All => _sites;

    /// <summary>The target of the last delegate of a type that a method makes before an instruction; null: none.</summary>
    public MethodDefinition? LastBefore(MethodDefinition maker, Instruction before, TypeReference type) =>
        _byMaker.GetValueOrDefault(maker)?.LastOrDefault(site => site.At.Offset < before.Offset && Fits(site.Type, type))?.Target;

    public IEnumerable<MethodDefinition> Of(TypeReference type) => _sites.Where(site => Fits(site.Type, type)).Select(site => site.Target).Distinct();

    private void Add(DelegateSite site)
    {
        _sites.Add(site);
        if (!_byMaker.TryGetValue(site.Maker, out var made))
            _byMaker[site.Maker] = made = [];
        made.Add(site);
    }

    private static bool Fits(TypeReference one, TypeReference other)
    {
        if (one is GenericParameter || other is GenericParameter)
            return true;
        if (one.GetElementType().FullName != other.GetElementType().FullName || one.GetType() != other.GetType())
            return false;
        if (one is not GenericInstanceType left || other is not GenericInstanceType right)
            return true;
        return left.GenericArguments.Zip(right.GenericArguments).All(pair => Fits(pair.First, pair.Second));
    }
}
