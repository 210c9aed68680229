"""Values of parameters and transformers that are neither plain nor arrays, by name or by parts.

{"$function": "numpy.log1p"}   one of FUNCTIONS; loading does not run it
{"$dtype": "float64"}          a NumPy dtype      {"$type": "float64"}   its scalar type
{"$slice": [0, 3, null]}       a slice of whole numbers
{"$spline": {"t": …, "c": …, "k": 3, "extrapolate": false}}   a BSpline of SciPy
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from lamina.files.fields import Fields, array, check_fields, member, refused, whole
from lamina.files.model_file import Json
from lamina.files.plain import Place, PlainReader, PlainWriter, place_in_words
from lamina.persistence.choices import choice_from_plain, choice_to_plain
from lamina.persistence.ensembles import record_from_plain, record_to_plain

_SELECTION = "sklearn.feature_selection"
_SCORES = "chi2 f_classif f_regression mutual_info_classif mutual_info_regression r_regression"
# Functions of one array, the ones that transformers most often have.
_UFUNCS = """
    log log1p log2 log10 exp expm1 exp2 sqrt square cbrt abs absolute sign negative reciprocal
    sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh
    floor ceil rint trunc round deg2rad rad2deg nan_to_num
"""
FUNCTIONS: dict[str, str] = {
    **{f"numpy.{name}": "numpy" for name in _UFUNCS.split()},
    **{f"scipy.special.{name}": "scipy.special" for name in ("expit", "logit")},
    **{
        f"sklearn.feature_selection.{name}": "sklearn.feature_selection" for name in _SCORES.split()
    },
}
_NUMBERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
_DTYPES = ("bool", *_NUMBERS.split(), "object", "str")
# Python's own types, as OneHotEncoder(dtype=float) has them.
_BUILTINS = {"bool": bool, "int": int, "float": float, "object": object, "str": str}
# SciPy's word for a spline that continues from its other end.
AROUND = "periodic"
_SPLINE: Fields = {
    "t": array(np.float64, (None,), finite=True),
    "c": array(np.float64, (None, None), finite=True),
    "k": whole(0, 100),
    "extrapolate": lambda value, place: _extrapolation(value, place),
}


def special_to_plain(value: object, writer: PlainWriter, path: Place) -> Json:
    """Return the JSON of a special value, None for any other.

    Raises
    ------
    TypeError
        For a function that is not in FUNCTIONS; names it.
    """
    for to_plain in (record_to_plain, choice_to_plain):
        if (plain := to_plain(value, writer, path)) is not None:
            return plain
    if isinstance(value, np.dtype):
        name = "str" if value.kind == "U" else value.name
        return {"$dtype": name} if name in _DTYPES else None
    if isinstance(value, type):
        return _type_to_plain(value)
    if isinstance(value, slice):
        return {"$slice": [writer.write(n, path) for n in (value.start, value.stop, value.step)]}
    if type(value).__name__ == "BSpline" and type(value).__module__.startswith("scipy."):
        parts = {name: getattr(value, name) for name in _SPLINE}
        return {"$spline": {name: writer.write(part, path) for name, part in parts.items()}}
    if callable(value) and not hasattr(value, "get_params"):
        return {"$function": _name_of(value, path)}
    return None


def _type_to_plain(value: type) -> Json:
    for name, builtin in _BUILTINS.items():
        if value is builtin:
            return {"$type": f"builtins.{name}"}
    name = value.__name__
    return {"$type": name} if name in _DTYPES and value is np.dtype(name).type else None


def _name_of(function: Callable[..., object], path: Place) -> str:
    for name in FUNCTIONS:
        if function_called(name) is function:
            return name
    if type(function).__name__ == "make_column_selector":
        raise TypeError(
            f"{place_in_words(path)} is a make_column_selector, which no file can hold: pass the "
            "names of the columns to the ColumnTransformer instead"
        )
    shown = getattr(function, "__qualname__", type(function).__qualname__)
    raise TypeError(
        f"{place_in_words(path)} is {shown!r}, a function that no file can hold, because it is "
        f"code: a model file can only name one of {', '.join(FUNCTIONS)}. Apply other functions "
        "to the data before the model, or use joblib"
    )


@cache
def function_called(name: str) -> Callable[..., object]:
    """Return the function with a name in FUNCTIONS."""
    function: Callable[..., Any] = getattr(import_module(FUNCTIONS[name]), name.rpartition(".")[2])
    return function


def _function(plain: Json, reader: PlainReader) -> object:
    member(FUNCTIONS)(plain, "function")
    return function_called(plain)


def _dtype(plain: Json, reader: PlainReader) -> object:
    member(_DTYPES)(plain, "dtype")
    return np.dtype(plain)


def _type(plain: Json, reader: PlainReader) -> object:
    builtins = {f"builtins.{name}": each for name, each in _BUILTINS.items()}
    member([*_DTYPES, *builtins])(plain, "type")
    return builtins[plain] if plain in builtins else np.dtype(plain).type


def _slice(plain: Json, reader: PlainReader) -> object:
    if not isinstance(plain, list) or len(plain) != 3:
        raise refused(plain, "slice", "a start, a stop and a step")
    parts = [reader.read(part) for part in plain]
    for part in parts:
        if part is not None:
            whole(-(2**40), 2**40)(part, "slice")
    return slice(*parts)


def _spline(plain: Json, reader: PlainReader) -> object:
    from scipy.interpolate import BSpline

    parts = {name: reader.read(part) for name, part in plain.items()}
    check_fields(parts, _SPLINE, "spline")
    return BSpline(parts["t"], parts["c"], int(parts["k"]), extrapolate=parts["extrapolate"])


def _extrapolation(value: object, place: str) -> None:
    if value is not True and value is not False and value != AROUND:
        raise refused(value, place, "True, False or 'periodic'")


SPECIAL: dict[str, Callable[[Json, PlainReader], object]] = {
    "$function": _function,
    "$dtype": _dtype,
    "$type": _type,
    "$slice": _slice,
    "$spline": _spline,
    "$record": record_from_plain,
    "$choice": choice_from_plain,
}
