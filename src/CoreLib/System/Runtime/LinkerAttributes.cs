// Names for the linker: an export gives a C# method a symbol, an import calls a symbol of the assembly sources.
namespace System.Runtime;

public sealed class RuntimeExportAttribute : Attribute
{
    public RuntimeExportAttribute(string entry) { }
}

public sealed class RuntimeImportAttribute : Attribute
{
    public RuntimeImportAttribute(string entry) { }
    public RuntimeImportAttribute(string library, string entry) { }
}
