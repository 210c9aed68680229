"""Arrays on a device: tensors that answer NumPy's functions, so that formulas run unchanged.

A formula of lamina.formulas or lamina.blocks calls functions of NumPy and SciPy. On a TensorArray,
NumPy's protocols for other arrays (NEP 13 and NEP 18) turn each call into one of PyTorch, without
a copy to the host. A function without a counterpart in functions.py is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from lamina.engines.pytorch.functions import FUNCTIONS, UFUNCS
from lamina.engines.pytorch.keys import Key, is_plain, is_same_view, without_negative_steps
from lamina.engines.pytorch.tensors import NUMPY_TYPES, constant_on, to_host, torch_type

Tensor: TypeAlias = torch.Tensor


# Functions that make arrays of other classes; operators.py fills it.
MAKERS: dict[Any, Callable[..., Any]] = {}


class TensorArray:
    """Tensor with NumPy's functions and operators, and the methods of an ndarray that formulas use.

    Attributes
    ----------
    tensor : torch.Tensor

    Examples
    --------
    >>> z = TensorArray(torch.tensor([-1.0, 2.0]))
    >>> np.maximum(z, 0) * 2
    TensorArray([0., 4.])
    """

    __slots__ = ("tensor",)
    __hash__ = None  # type: ignore[assignment]
    # True for an array that is computed when it is read first (pending.py).
    waits: bool = False

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __repr__(self) -> str:
        return f"TensorArray({to_host(self.tensor)})".replace(" ", ", ").replace("[, ", "[")

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray[Any, Any]:
        raise TypeError("a formula would copy an array from its device to the host")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        operands = [self._operand(each) for each in inputs]
        if method == "__call__" and ufunc in UFUNCS and options.keys() <= {"out"}:
            result = UFUNCS[ufunc](*operands)
            if "out" not in options:
                return TensorArray(result)
            (out,) = options["out"]
            out.tensor.copy_(result)
            return out
        if method == "at" and ufunc is np.add and not options:
            self.tensor.index_put_((operands[1],), operands[2], accumulate=True)
            return None
        raise TypeError(f"np.{ufunc.__name__} with {method} and {[*options]} on a device")

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        inputs: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:
        if function in MAKERS:
            return MAKERS[function](*inputs, **options)
        if function not in FUNCTIONS:
            raise TypeError(f"np.{function.__name__} on a device")
        if function is np.where:
            # The dtype of numbers alone is that of the result.
            inputs = [
                np.full(1, each) if isinstance(each, np.floating) else each for each in inputs
            ]
        operands = [self._operand(each) for each in inputs]
        result = FUNCTIONS[function](*operands, **options)
        if isinstance(result, tuple | list):
            return [TensorArray(each) for each in result]
        return TensorArray(result)

    def _operand(self, value: Any) -> Any:
        """Return a value as PyTorch takes it: a tensor of the same device, or a plain number."""
        if isinstance(value, TensorArray):
            return value.tensor
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            if not value.ndim:
                return value.item()
            return constant_on(value, self.tensor.device)
        if isinstance(value, list | tuple):
            return type(value)(self._operand(each) for each in value)
        return value

    def _key(self, key: Key) -> Key:
        """Return a key as PyTorch takes it, with places as tensors."""
        if isinstance(key, tuple):
            return tuple(
                self._operand(np.array(part)) if isinstance(part, tuple) else self._operand(part)
                for part in key
            )
        return self._operand(key)

    # The parts of an ndarray that say how it is made.

    @property
    def dtype(self) -> np.dtype[Any]:
        return NUMPY_TYPES[self.tensor.dtype]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def T(self) -> TensorArray:
        return TensorArray(self.tensor.t())

    def __len__(self) -> int:
        return len(self.tensor)

    def __iter__(self) -> Iterator[TensorArray]:
        return map(TensorArray, self.tensor.unbind())

    def __getitem__(self, key: Key) -> TensorArray:
        flipped, key = without_negative_steps(self._key(key))
        part = self.tensor[key]
        return TensorArray(part.flip(flipped) if flipped else part)

    def __setitem__(self, key: Key, value: Any) -> None:
        # An operator in place has written already; a copy onto itself would be one more kernel.
        key = self._key(key)
        if isinstance(value, TensorArray) and value.waits and is_plain(key):
            value.write(self.tensor[key])
            return
        part = self._operand(value)
        if not isinstance(part, torch.Tensor) and is_plain(key):
            # An assignment would make an array of the number in this process first.
            self.tensor[key].fill_(part)
        elif not isinstance(part, torch.Tensor) or not is_same_view(self.tensor, key, part):
            self.tensor[key] = part

    def write(self, place: Tensor) -> None:
        """Write the array into a part of another one."""
        place.copy_(self.tensor)

    def __float__(self) -> float:
        return float(self.tensor)

    def __bool__(self) -> bool:
        return bool(self.tensor)

    # The methods of an ndarray.

    def astype(self, dtype: Any, copy: bool = True) -> TensorArray:
        theirs = torch_type(dtype, self.tensor.device)
        if self.tensor.dtype == torch.bool and theirs.is_floating_point:
            return MAKERS["mask"](self.tensor, theirs)  # type: ignore[no-any-return]
        return TensorArray(self.tensor.to(theirs, copy=copy))

    def copy(self) -> TensorArray:
        return TensorArray(self.tensor.clone())

    def reshape(self, *shape: Any) -> TensorArray:
        (first, *_) = shape
        return TensorArray(self.tensor.reshape(first if isinstance(first, tuple) else shape))

    def transpose(self, *axes: int) -> TensorArray:
        return TensorArray(self.tensor.permute(axes))

    def ravel(self) -> TensorArray:
        return TensorArray(self.tensor.reshape(-1))

    def sum(self, axis: Any = None, keepdims: bool = False) -> TensorArray:
        return np.sum(self, axis=axis, keepdims=keepdims)  # type: ignore[no-any-return]

    def mean(self, axis: Any = None, keepdims: bool = False) -> TensorArray:
        return np.mean(self, axis=axis, keepdims=keepdims)  # type: ignore[no-any-return]

    def max(self, axis: int, keepdims: bool = False) -> TensorArray:
        return TensorArray(self.tensor.amax(axis, keepdims))

    def softmax(self) -> TensorArray:
        """Return the softmax of each row, for which a device has a kernel."""
        return TensorArray(torch.softmax(self.tensor, 1))

    def all(self) -> TensorArray:
        return TensorArray(self.tensor.all())

    def any(self) -> TensorArray:
        return TensorArray(self.tensor.any())
