"""Convert Python values to JSON and named tensors, and back, without ever running code.

None, booleans, integers, finite floats, text, lists and dicts of text are their own JSON. All other
values become an object with one key that begins with $:

    {"$float": "inf"}   {"$tuple": […]}   {"$dict": [[key, value], …]}   {"$scalar": [dtype, value]}
    {"$tensor": name}   {"$fortran": {"$tensor": name of the transposed}}
    {"$text": {"dtype": "<U5", "shape": […], "items": […]}}
    {"$objects": {"shape": […], "items": […]}}   {"$random_state": {…}}   {"$estimator": {…}}
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from lamina.errors import ModelFileError
from lamina.files.fields import Fields, array, check_fields, number, whole
from lamina.files.model_file import DTYPE_NAMES, Json, Tensor

Place: TypeAlias = tuple[str, ...]

# Exceptions from reading the JSON of a well-formed file that lamina has not written.
MISFITS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)
DEEPEST = 100
LONGEST_INTEGER = 4096  # In bits; Python reads no decimal number of many thousand digits.
LARGEST_TEXT_ARRAY = 2**30  # In bytes: a few letters in a file could otherwise demand terabytes.

# NumPy would trust any position, and read there.
_RANDOM_STATE: Fields = {
    "key": array(np.uint32, (624,)),
    "position": whole(0, 624),
    "has_gauss": whole(0, 1),
    "gauss": number(),
}
_SCALARS = {dtype.name: dtype.type for dtype in DTYPE_NAMES}
_WHAT_FITS = (
    "a model file holds None, booleans, numbers, text, lists, tuples, dicts, RandomState "
    "and NumPy arrays of numbers, booleans or text"
)


class PlainWriter:
    """Converter from values to JSON, which collects their arrays as named tensors.

    Parameters
    ----------
    estimator_to_plain : callable, optional
        `estimator_to_plain(value, self, path)` returns the JSON object for a value of another
        type; raises TypeError for an unsupported value.
    special_to_plain : callable, optional
        `special_to_plain(value, self, path)` returns the JSON, with its own tag, of a value that
        is neither plain nor an estimator, or None.

    Attributes
    ----------
    tensors : dict of str to ndarray
        Arrays so far, named after their place.

    Examples
    --------
    >>> import numpy as np
    >>> writer = PlainWriter()
    >>> writer.write({"sizes": (8, 6), "mean": np.zeros(3)})
    {'sizes': {'$tuple': [8, 6]}, 'mean': {'$tensor': 'mean'}}
    >>> PlainReader(writer.tensors).read(_)
    {'sizes': (8, 6), 'mean': array([0., 0., 0.])}
    """

    def __init__(
        self,
        estimator_to_plain: Callable[[object, PlainWriter, Place], Json] | None = None,
        special_to_plain: Callable[[object, PlainWriter, Place], Json] | None = None,
    ) -> None:
        self._special_to_plain = special_to_plain
        self.tensors: dict[str, Tensor] = {}
        self._estimator_to_plain = estimator_to_plain
        self._by_type: dict[type, Callable[..., Json]] = {
            type(None): lambda value, path: value,
            bool: lambda value, path: value,
            str: lambda value, path: value,
            int: self._int,
            float: self._float,
            list: self._items,
            tuple: lambda value, path: {"$tuple": self._items(value, path)},
            dict: self._dict,
            np.ndarray: self._array,
            np.memmap: self._array,
            np.random.RandomState: self._random_state,
        }

    def write(self, value: object, path: Place = ()) -> Json:
        """Return the JSON for a value; path is its place, for names and messages.

        Raises
        ------
        TypeError
            For a value that no file can hold, is nested too deeply, or contains itself.
        """
        if len(path) > DEEPEST:
            raise TypeError(f"{place_in_words(path[:5])}… is nested too deeply, or contains itself")
        write = self._by_type.get(type(value))
        if write is not None:
            return write(value, path)
        if isinstance(value, np.generic):
            return self._scalar(value, path)
        if self._special_to_plain is not None:
            special = self._special_to_plain(value, self, path)
            if special is not None:
                return special
        if self._estimator_to_plain is not None:
            return {"$estimator": self._estimator_to_plain(value, self, path)}
        raise unsupported(value, path)

    def tensor(self, array: Tensor, path: Place) -> Json:
        """Store an array of numbers or booleans under a name derived from path."""
        # Names must be valid UTF-8, which excludes a lone surrogate in a column's name.
        stem = name = ".".join(path).encode(errors="replace").decode() or "value"
        repetition = 1
        while name in self.tensors or name == "__metadata__":
            repetition += 1
            name = f"{stem}~{repetition}"
        self.tensors[name] = np.asarray(array)
        return {"$tensor": name}

    def _int(self, value: int, path: Place) -> Json:
        if value.bit_length() > LONGEST_INTEGER:
            raise TypeError(
                f"{place_in_words(path)} is an integer of more than {LONGEST_INTEGER} bits"
            )
        return value

    def _float(self, value: float, path: Place) -> Json:
        return value if math.isfinite(value) else {"$float": str(value)}

    def _items(self, values: Iterable[object], path: Place) -> Json:
        return [self.write(value, (*path, str(i))) for i, value in enumerate(values)]

    def _dict(self, value: dict[object, object], path: Place) -> Json:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: self.write(item, (*path, str(key))) for key, item in value.items()}
        pairs = []
        for key, item in value.items():
            below = (*path, str(key))
            pairs.append([self.write(key, below), self.write(item, below)])
        return {"$dict": pairs}

    def _scalar(self, value: np.generic, path: Place) -> Json:
        if type(value) is np.str_:
            return {"$scalar": ["str", str(value)]}
        if value.dtype.name not in _SCALARS:
            raise unsupported(value, path)
        return {"$scalar": [value.dtype.name, self.write(value.item(), path)]}

    def _array(self, value: Tensor, path: Place) -> Json:
        kind, shape = value.dtype.kind, list(value.shape)
        if kind in "biuf" and value.dtype.newbyteorder("<") in DTYPE_NAMES:
            # Products round differently when a matrix has another memory order.
            if (
                value.ndim == 2
                and not value.flags.c_contiguous
                and value.strides[0] < value.strides[1]
            ):
                return {"$fortran": self.tensor(value.T, path)}
            return self.tensor(value, path)
        if kind == "O":
            return {"$objects": {"shape": shape, "items": self._items(value.flat, path)}}
        if kind != "U" or value.nbytes > LARGEST_TEXT_ARRAY:
            raise unsupported(value, path)
        dtype, items = value.dtype.newbyteorder("<").str, value.ravel().tolist()
        return {"$text": {"dtype": dtype, "shape": shape, "items": items}}

    def _random_state(self, value: np.random.RandomState, path: Place) -> Json:
        state: dict[str, Json] = dict(value.get_state(legacy=False))
        if state["bit_generator"] != "MT19937":
            raise unsupported(value, path)
        return {
            "$random_state": {
                "key": self.tensor(state["state"]["key"], path),
                "position": state["state"]["pos"],
                "has_gauss": state["has_gauss"],
                "gauss": self.write(state["gauss"], path),
            }
        }


class PlainReader:
    """Converter from the JSON of a PlainWriter back to values.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Arrays by name; each may be referred to once.
    estimator_from_plain : callable, optional
        `estimator_from_plain(plain, self)`, the inverse of the writer's.
    special : mapping of str to callable
        For each further tag, a function `read(plain, self)` that returns its value.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        estimator_from_plain: Callable[[Json, PlainReader], object] | None = None,
        special: Mapping[str, Callable[[Json, PlainReader], object]] = MappingProxyType({}),
    ) -> None:
        self.unread = dict(tensors)
        self._by_tag: dict[str, Callable[[Json], object]] = {
            "$float": self._float,
            "$tuple": lambda items: tuple(map(self.read, items)),
            "$dict": lambda pairs: {self.read(key): self.read(item) for key, item in pairs},
            "$scalar": self._scalar,
            "$tensor": self._tensor,
            "$text": self._text,
            "$fortran": self._fortran,
            "$objects": self._objects,
            "$random_state": self._random_state,
        }
        self._by_tag |= {tag: partial(self._special, read) for tag, read in special.items()}
        if estimator_from_plain is not None:
            self._by_tag["$estimator"] = lambda plain: estimator_from_plain(plain, self)

    def read(self, plain: Json) -> Any:
        """Return the value that JSON represents.

        Raises
        ------
        ModelFileError, TypeError, ValueError, OverflowError
            For JSON that no PlainWriter writes.
        """
        if isinstance(plain, list):
            return [self.read(item) for item in plain]
        if not isinstance(plain, dict):
            return plain
        tag = next((key for key in plain if key.startswith("$")), None)
        if tag is None:
            return {key: self.read(item) for key, item in plain.items()}
        if len(plain) > 1 or tag not in self._by_tag:
            raise ModelFileError(f"it holds a value of the unknown kind {tag!r}")
        return self._by_tag[tag](plain[tag])

    def _special(self, read: Callable[[Json, PlainReader], object], plain: Json) -> object:
        return read(plain, self)

    def _float(self, text: str) -> float:
        if text not in ("inf", "-inf", "nan"):
            raise ModelFileError(f"it holds the unknown number {text!r}")
        return float(text)

    def _scalar(self, plain: list[Json]) -> object:
        name, value = plain
        if name == "str":
            return np.str_(value)
        if name not in _SCALARS:
            raise ModelFileError(f"it holds a number of the unknown dtype {name!r}")
        return _SCALARS[name](self.read(value))

    def _tensor(self, name: str) -> Tensor:
        if name not in self.unread:
            raise ModelFileError(f"it refers to a tensor {name!r} that it lacks, or does so twice")
        return self.unread.pop(name)

    def _fortran(self, plain: Json) -> Tensor:
        transposed = self.read(plain)
        if not isinstance(transposed, np.ndarray) or transposed.ndim != 2:
            raise ModelFileError("it holds a column-major matrix that is not a matrix")
        return transposed.T

    def _text(self, plain: dict[str, Json]) -> Tensor:
        width = re.fullmatch(r"<U([0-9]{1,9})", plain["dtype"])
        if width is None or 4 * int(width[1]) * len(plain["items"]) > LARGEST_TEXT_ARRAY:
            raise ModelFileError(f"it holds text of the unknown dtype {plain['dtype']!r}")
        if not all(isinstance(item, str) for item in plain["items"]):
            raise ModelFileError("it holds an array of text that is not all text")
        dtype = np.dtype(plain["dtype"]).newbyteorder("=")
        return np.array(plain["items"], dtype).reshape(plain["shape"])

    def _objects(self, plain: dict[str, Json]) -> Tensor:
        values = np.empty(len(plain["items"]), dtype=object)
        for i, item in enumerate(plain["items"]):
            values[i] = self.read(item)
        return values.reshape(plain["shape"])

    def _random_state(self, plain: dict[str, Json]) -> np.random.RandomState:
        state = {name: self.read(value) for name, value in plain.items()}
        check_fields(state, _RANDOM_STATE, "random state")
        random_state = np.random.RandomState()
        parts = (state[name] for name in ("key", "position", "has_gauss", "gauss"))
        random_state.set_state(("MT19937", *parts))
        return random_state


def unsupported(value: object, path: Place) -> TypeError:
    """Return the error for a value that no model file can hold; names the value and its place."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if isinstance(value, np.ndarray):
        name += f" of dtype {value.dtype}"
    return TypeError(f"{place_in_words(path)} is a {name} and cannot be saved: {_WHAT_FITS}")


def place_in_words(path: Place) -> str:
    """Return the place of a value for messages."""
    return repr(".".join(path)) if path else "this"
