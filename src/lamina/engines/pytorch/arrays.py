"""Arrays on a device: tensors that answer NumPy's functions, so that formulas run unchanged.

A formula of lamina.formulas or lamina.blocks calls functions of NumPy and SciPy. On a TensorArray,
NumPy's protocols for other arrays (NEP 13 and NEP 18) turn each call into one of PyTorch, without
a copy to the host. A function without a counterpart in functions.py is refused by name.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from lamina.engines.pytorch.functions import FUNCTIONS, IN_PLACE, UFUNCS

Tensor: TypeAlias = torch.Tensor
Key: TypeAlias = Any

TORCH_TYPES: dict[np.dtype[Any], torch.dtype] = {
    np.dtype(np.float32): torch.float32,
    np.dtype(np.float64): torch.float64,
    np.dtype(np.int32): torch.int32,
    np.dtype(np.int64): torch.int64,
    np.dtype(np.bool_): torch.bool,
}
NUMPY_TYPES: dict[torch.dtype, np.dtype[Any]] = {
    theirs: ours for ours, theirs in TORCH_TYPES.items()
}


def torch_type(dtype: Any, device: torch.device) -> torch.dtype:
    """Return PyTorch's type of these numbers; 'mps' has float32 in place of float64."""
    found = TORCH_TYPES[np.dtype(dtype)]
    return torch.float32 if found == torch.float64 and device.type == "mps" else found


def to_device(values: np.ndarray[Any, Any], device: torch.device) -> Tensor:
    """Return a copy of an array of this process on a device."""
    # PyTorch has no tensors over arrays that are read-only, or with negative strides.
    copied = torch.from_numpy(np.array(values, order="C"))
    return copied.to(device=device, dtype=torch_type(values.dtype, device))


def to_host(tensor: Tensor, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Return a copy of a tensor in this process's memory."""
    values = np.array(tensor.detach().cpu().numpy())
    return values if dtype is None else values.astype(dtype, copy=False)


# A formula makes the same small arrays of numbers in every step, and a graph that is being captured
# must copy nothing from the host, so that they are kept on the device.
_constants: dict[Key, Tensor] = {}
MOST_CONSTANTS = 512


def constants() -> dict[Key, Tensor]:
    """Return the present constants, which a captured graph needs as long as it is replayed."""
    return _constants


def _constant(values: np.ndarray[Any, Any], device: torch.device) -> Tensor:
    global _constants
    key = values.tobytes(), values.dtype.str, values.shape, device
    if key not in _constants:
        if len(_constants) >= MOST_CONSTANTS:
            # A new one, because a graph may read those of the old.
            _constants = {}
        _constants[key] = to_device(values, device)
    return _constants[key]


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
            return _constant(value, self.tensor.device)
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
        flipped, key = _without_negative_steps(self._key(key))
        part = self.tensor[key]
        return TensorArray(part.flip(flipped) if flipped else part)

    def __setitem__(self, key: Key, value: Any) -> None:
        # An operator in place has written already; a copy onto itself would be one more kernel.
        part = self._operand(value)
        key = self._key(key)
        if not isinstance(part, torch.Tensor) and _is_plain(key):
            # An assignment would make an array of the number in this process first.
            self.tensor[key].fill_(part)
        elif not isinstance(part, torch.Tensor) or not _is_same_view(self.tensor, key, part):
            self.tensor[key] = part

    def __neg__(self) -> TensorArray:
        return TensorArray(-self.tensor)

    def __float__(self) -> float:
        return float(self.tensor)

    def __bool__(self) -> bool:
        return bool(self.tensor)

    # The methods of an ndarray.

    def astype(self, dtype: Any, copy: bool = True) -> TensorArray:
        theirs = torch_type(dtype, self.tensor.device)
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

    def all(self) -> TensorArray:
        return TensorArray(self.tensor.all())

    def any(self) -> TensorArray:
        return TensorArray(self.tensor.any())


def _without_negative_steps(key: Key) -> tuple[list[int], Key]:
    """Return the axes to flip, and the key with whole slices in place of [::-1]."""
    parts = key if isinstance(key, tuple) else (key,)
    flipped = [
        i for i, part in enumerate(parts) if isinstance(part, slice) and (part.step or 1) < 0
    ]
    if not flipped:
        return [], key
    whole = tuple(slice(None) if i in flipped else part for i, part in enumerate(parts))
    return flipped, whole


def _is_plain(key: Key) -> bool:
    """Return True if a key selects a view."""
    parts = key if isinstance(key, tuple) else (key,)
    return not any(isinstance(part, torch.Tensor) for part in parts)


def _is_same_view(tensor: Tensor, key: Key, part: Tensor) -> bool:
    """Return True if a part is the view of a tensor that a plain key selects."""
    if not isinstance(key, int | slice) or (isinstance(key, slice) and key.step is not None):
        return False
    place = tensor[key]
    return bool(place.data_ptr() == part.data_ptr() and place.shape == part.shape)


def _define(name: str, function: Callable[..., Any]) -> None:
    """Define an operator and its reflection without the detour through NumPy."""

    def forward(self: TensorArray, other: Any) -> TensorArray:
        return TensorArray(function(self.tensor, self._operand(other)))

    def reflected(self: TensorArray, other: Any) -> TensorArray:
        return TensorArray(function(self._operand(other), self.tensor))

    setattr(TensorArray, f"__{name}__", forward)
    setattr(TensorArray, f"__r{name}__", reflected)


def _define_in_place(name: str, function: Callable[..., Any]) -> None:
    def in_place(self: TensorArray, other: Any) -> TensorArray:
        function(self.tensor, self._operand(other))
        return self

    setattr(TensorArray, f"__i{name}__", in_place)


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul", "and_", "or_"):
    _define(_name.rstrip("_"), getattr(operator, _name))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _define(_name, getattr(operator, _name))
for _name, _function in IN_PLACE.items():
    _define_in_place(_name, _function)
