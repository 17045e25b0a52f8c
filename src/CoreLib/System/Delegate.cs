// Delegates with one target. The field names, their order and the Initialize methods are the compiler's contract:
// it calls one of them from every delegate construction. Combining delegates is not offered.
using Internal.Runtime;

namespace System;

public abstract class Delegate
{
    internal object? _firstParameter;
    internal object? _helperObject;
    internal nint _extraFunctionPointerOrData;
    internal nint _functionPointer;

    private protected Delegate()
    {
    }

    private void InitializeClosedInstance(object? firstParameter, nint functionPointer)
    {
        if (firstParameter is null)
            FaultHook.Raise(FaultKind.NullReference);
        _functionPointer = functionPointer;
        _firstParameter = firstParameter;
    }

    private void InitializeClosedInstanceSlow(object? firstParameter, nint functionPointer)
    {
        _functionPointer = functionPointer;
        _firstParameter = firstParameter;
    }

    private void InitializeClosedInstanceWithoutNullCheck(object? firstParameter, nint functionPointer)
    {
        _functionPointer = functionPointer;
        _firstParameter = firstParameter;
    }

    private unsafe void InitializeClosedInstanceToInterface(object? firstParameter, nint dispatchCell)
    {
        if (firstParameter is null)
            FaultHook.Raise(FaultKind.NullReference);
        _functionPointer = InterfaceDispatch.Resolve(firstParameter, (InterfaceDispatchCell*)dispatchCell);
        _firstParameter = firstParameter;
    }

    // A static method has no receiver: the thunk drops the delegate itself and jumps to the method.
    private void InitializeOpenStaticThunk(object? firstParameter, nint functionPointer, nint functionPointerThunk)
    {
        _firstParameter = this;
        _functionPointer = functionPointerThunk;
        _extraFunctionPointerOrData = functionPointer;
    }

    private void InitializeOpenInstanceThunk(nint functionPointer, nint functionPointerThunk)
    {
        _firstParameter = this;
        _functionPointer = functionPointerThunk;
        _extraFunctionPointerOrData = functionPointer;
    }

    internal nint GetActualTargetFunctionPointer(object? thisObject) => _extraFunctionPointerOrData;

    internal virtual nint GetThunk(int which) => 0;

    // The compiler looks for this type when it lays out a delegate.
    internal struct Wrapper
    {
        public Delegate Value;

        public Wrapper(Delegate value) => Value = value;
    }
}

public abstract class MulticastDelegate : Delegate
{
    private protected MulticastDelegate()
    {
    }
}
