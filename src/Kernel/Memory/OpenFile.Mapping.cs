// What memory needs of an open file: to hold it, to know what may be done with it, and its pages.
namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
}
