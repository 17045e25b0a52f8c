// Character devices by number. Filled at start-up only, so looking up needs no lock. Linux: register_chrdev(), chrdev_open().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;

namespace Jiffy.Kernel.Files;

public static class CharacterDevices
{
    private const int Capacity = 64;
    private const uint AnyMinor = uint.MaxValue;

    private static FileOperations?[] s_operations = null!;
    private static uint[] s_majors = null!;
    private static uint[] s_minors = null!;
    private static int s_count;

    /// <summary>What every character device's inode has: opening it puts the device's own operations in.</summary>
    public static FileOperations Opener => DeviceOpener.Instance;

    public static void Init()
    {
        s_operations = new FileOperations?[Capacity];
        s_majors = new uint[Capacity];
        s_minors = new uint[Capacity];
        s_count = 0;
    }

    /// <summary>Says who serves a device; at start-up.</summary>
    public static void Register(uint major, uint minor, FileOperations operations)
    {
        Invariant.That(s_count < Capacity, "room for one more character device");
        s_majors[s_count] = major;
        s_minors[s_count] = minor;
        s_operations[s_count++] = operations;
    }

    /// <summary>Says who serves every device of a major number that has no server of its own.</summary>
    public static void RegisterAll(uint major, FileOperations operations) => Register(major, AnyMinor, operations);

    /// <summary>The operations of a device, or null.</summary>
    public static FileOperations? Find(DeviceNumber device)
    {
        FileOperations? forAll = null;
        for (var i = 0; i < s_count; i++)
        {
            if (s_majors[i] != device.Major)
                continue;
            if (s_minors[i] == device.Minor)
                return s_operations[i];
            if (s_minors[i] == AnyMinor)
                forAll = s_operations[i];
        }

        return forAll;
    }

    private sealed class DeviceOpener : FileOperations
    {
        public static readonly DeviceOpener Instance = new();

        public override Errno Open(OpenFile file)
        {
            if (Find(file.Inode.Device) is not { } operations)
                return Errno.ENXIO;
            file.Operations = operations;
            return operations.Open(file);
        }
    }
}
