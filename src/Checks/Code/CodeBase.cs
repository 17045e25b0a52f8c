// The compiled code under check: some assemblies, their types and methods, and where in the sources each stands.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Code;

internal sealed class CodeBase
{
    private readonly HashSet<MethodDefinition> _own;
    private readonly Dictionary<MethodReference, MethodDefinition?> _resolved = [];

    private CodeBase(IReadOnlyList<ModuleDefinition> modules, Func<TypeDefinition, bool> selects)
    {
        Types = modules.SelectMany(module => module.Types).Where(selects).SelectMany(WithNested).ToArray();
        Methods = Types.SelectMany(type => type.Methods).ToArray();
        _own = [.. Methods];
        Overrides = new Overrides(Types);
    }

    /// <summary>All types, nested ones and those of the compiler too.</summary>
    public IReadOnlyList<TypeDefinition> Types { get; }

    public IReadOnlyList<MethodDefinition> Methods { get; }

    public Overrides Overrides { get; }

    /// <summary>Reads assemblies with their symbols. Other assemblies they name are looked for beside them.</summary>
    /// <param name="selects">Which top-level types to check; null: all.</param>
    public static CodeBase Load(IEnumerable<string> files, Func<TypeDefinition, bool>? selects = null)
    {
        var resolver = new Resolver();
        var paths = files.Select(Path.GetFullPath).ToArray();
        foreach (var directory in paths.Select(Path.GetDirectoryName).Distinct())
            resolver.AddSearchDirectory(directory);
        var parameters = new ReaderParameters { AssemblyResolver = resolver, ReadSymbols = true };
        var modules = paths.Select(path => ModuleDefinition.ReadModule(path, parameters)).ToArray();
        foreach (var module in modules)
            resolver.Add(module.Assembly);
        return new CodeBase(modules, selects ?? (_ => true));
    }

    // One definition of each assembly: what another one refers to is the very code under check.
    private sealed class Resolver : DefaultAssemblyResolver
    {
        public void Add(AssemblyDefinition assembly) => RegisterAssembly(assembly);
    }

    /// <summary>The definition of a method if it is part of the code under check.</summary>
    public MethodDefinition? Find(MethodReference reference)
    {
        if (_resolved.TryGetValue(reference, out var known))
            return known;
        var found = TryResolve(reference);
        return _resolved[reference] = found is not null && _own.Contains(found) ? found : null;
    }

    public static TypeDefinition? TryResolve(TypeReference reference)
    {
        try
        {
            return reference.Resolve();
        }
        catch (AssemblyResolutionException)
        {
            return null;
        }
    }

    public static MethodDefinition? TryResolve(MethodReference reference)
    {
        try
        {
            return reference.Resolve();
        }
        catch (AssemblyResolutionException)
        {
            return null;
        }
    }

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);
}
