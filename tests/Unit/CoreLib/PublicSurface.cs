// The public members of an assembly as lines of text that can be compared: one per type, method and field.
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Jiffy.Tests.Unit.CoreLib;

internal static class PublicSurface
{
    public static SortedSet<string> Of(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var names = new SignatureNames(metadata);
        var surface = new SortedSet<string>(System.StringComparer.Ordinal);
        foreach (var handle in metadata.TypeDefinitions.Where(handle => IsPublic(metadata, metadata.GetTypeDefinition(handle))))
        {
            var type = metadata.GetTypeDefinition(handle);
            var name = names.NameOf(handle);
            surface.Add(name);
            surface.UnionWith(type.GetMethods().Select(metadata.GetMethodDefinition)
                .Where(method => IsVisible((int)(method.Attributes & MethodAttributes.MemberAccessMask)))
                .Select(method => $"{name}: {Describe(metadata, names, method)}"));
            surface.UnionWith(type.GetFields().Select(metadata.GetFieldDefinition)
                .Where(field => IsVisible((int)(field.Attributes & FieldAttributes.FieldAccessMask)))
                .Select(field => $"{name}: {field.DecodeSignature(names, null)} {metadata.GetString(field.Name)}"));
        }
        return surface;
    }

    private static bool IsPublic(MetadataReader metadata, TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.Public => true,
        TypeAttributes.NestedPublic => IsPublic(metadata, metadata.GetTypeDefinition(type.GetDeclaringType())),
        _ => false,
    };

    // Public, protected, protected internal: the numbers are the same for methods and fields.
    private static bool IsVisible(int access) => access is 4 or 5 or 6;

    private static string Describe(MetadataReader metadata, SignatureNames names, MethodDefinition method)
    {
        var signature = method.DecodeSignature(names, null);
        var kind = (method.Attributes & MethodAttributes.Static) != 0 ? "static " : "";
        var arity = signature.GenericParameterCount > 0 ? "`" + signature.GenericParameterCount : "";
        return $"{kind}{signature.ReturnType} {metadata.GetString(method.Name)}{arity}({string.Join(", ", signature.ParameterTypes)})";
    }

    private sealed class SignatureNames(MetadataReader metadata) : ISignatureTypeProvider<string, object?>
    {
        public string NameOf(TypeDefinitionHandle handle)
        {
            var type = metadata.GetTypeDefinition(handle);
            var name = metadata.GetString(type.Name);
            if (!type.GetDeclaringType().IsNil)
                return NameOf(type.GetDeclaringType()) + "/" + name;
            return metadata.GetString(type.Namespace) + "." + name;
        }

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => NameOf(handle);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            reader.GetString(reader.GetTypeReference(handle).Namespace) + "." + reader.GetString(reader.GetTypeReference(handle).Name);

        public string GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, context);

        // Primitive types by their full names, so that the assembly that defines them gives the same text.
        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => "System." + typeCode;
        public string GetSZArrayType(string elementType) => elementType + "[]";
        public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{shape.Rank}]";
        public string GetByReferenceType(string elementType) => elementType + "&";
        public string GetPointerType(string elementType) => elementType + "*";
        public string GetPinnedType(string elementType) => elementType;
        public string GetFunctionPointerType(MethodSignature<string> signature) => "method*";
        public string GetGenericMethodParameter(object? context, int index) => "!!" + index;
        public string GetGenericTypeParameter(object? context, int index) => "!" + index;

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
            $"{genericType}<{string.Join(",", typeArguments)}>";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) =>
            isRequired ? $"{unmodifiedType} modreq({modifier})" : unmodifiedType;
    }
}
