// The file of a descriptor for the length of one call. A table that only the running task uses cannot change while that task is in a call that
// leaves its descriptors alone: then the table's own use of the file is enough, and neither a lock nor a count is touched. In a table that
// threads share another one may close the descriptor meanwhile, so there the file is counted.
// Only the task itself can make its table a shared one (clone), and others who reach a table (proc, pidfd_getfd) take nothing out of it.
// Not for calls that close or replace descriptors, nor for who keeps the file: those count it (FileTable.GetCurrent).
// Context: process. Locks: the table's, when it is shared. Linux: fdget(), fdput().
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

public readonly ref struct BorrowedFile
{
    private readonly OpenFile? _file;
    private readonly bool _isCounted;

    private BorrowedFile(OpenFile? file, bool isCounted)
    {
        _file = file;
        _isCounted = isCounted;
    }

    /// <summary>Null: EBADF.</summary>
    public OpenFile? File => _file;

    /// <summary>The running task's file of a descriptor; <see cref="Return"/> ends the use of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static BorrowedFile Get(int descriptor)
    {
        if (Task.Current.Files is not { } table)
            return default;
        if (table.IsShared && !EventFaults.Has(EventFault.SharedFileUncounted))
            return new BorrowedFile(table.Get(descriptor), isCounted: true);
        return new BorrowedFile(table.Look(descriptor), isCounted: false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Return()
    {
        if (_isCounted)
            _file?.Drop();
    }
}
