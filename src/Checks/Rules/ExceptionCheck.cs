// No exceptions: kernel code neither throws nor catches. What the compiler adds for a switch expression without a fitting arm,
// and finally blocks (of `using`), are no exception handling.
using System.Collections.Generic;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Rules;

internal static class ExceptionCheck
{
    public const string Rule = "exceptions";

    public static CheckReport Run(CodeBase code, Allowances allowed)
    {
        var findings = new List<string>();
        var methods = code.Methods.Where(method => method.HasBody && !method.DeclaringType.Name.StartsWith("<PrivateImplementationDetails>")).ToArray();
        foreach (var method in methods)
        {
            foreach (var (at, what) in Uses(method))
            {
                if (!allowed.Allows(Rule, Names.Of(method), what))
                    findings.Add($"{Names.Readable(method)} ({Names.Place(method, at)}): {what}\n  [{Names.Of(method)} | {what}]");
            }
        }
        findings.AddRange(allowed.Unused(Rule));
        return new CheckReport(Rule, $"{methods.Length} methods, none throws or catches", findings);
    }

    private static IEnumerable<(Instruction At, string What)> Uses(MethodDefinition method)
    {
        foreach (var handler in method.Body.ExceptionHandlers.Where(handler => handler.HandlerType is ExceptionHandlerType.Catch or ExceptionHandlerType.Filter))
            yield return (handler.HandlerStart, handler.HandlerType == ExceptionHandlerType.Filter ? "catch with a filter" : "catch");
        foreach (var instruction in method.Body.Instructions.Where(instruction => instruction.OpCode.Code is Mono.Cecil.Cil.Code.Throw or Mono.Cecil.Cil.Code.Rethrow))
            yield return (instruction, "throw");
    }
}
