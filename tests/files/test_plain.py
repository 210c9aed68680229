import datetime
import decimal
import enum
import json
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from lamina.errors import ModelFileError
from lamina.files.model_file import DTYPES
from lamina.files.plain import PlainReader, PlainWriter

Same = Callable[[Any, Any], bool]


def there_and_back(value: Any) -> Any:
    writer = PlainWriter()
    text = json.dumps(writer.write(value), allow_nan=False)
    return PlainReader(writer.tensors).read(json.loads(text))


# One NaN: JSON keeps that a number is NaN, not its payload bits.
FLOATS = st.floats(allow_nan=False) | st.just(math.nan)
NUMBERS = st.sampled_from(list(DTYPES.values())).map(np.dtype)
SCALARS = hnp.arrays(NUMBERS, (), elements={"allow_nan": False}).map(lambda array: array[()])
# NumPy's text drops trailing zeros, and has no length of zero.
NUMPY_TEXT = st.text(min_size=1).filter(lambda text: "\0" not in text).map(np.str_)
KEYS = st.text() | st.integers() | st.booleans() | st.none() | FLOATS
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | FLOATS
    | st.text()
    | NUMPY_TEXT
    | SCALARS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$tuple", "$tensor", "$", "a"]), inner, max_size=3)
    ),
    max_leaves=12,
)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@given(VALUES)
def test_plain_values_are_restored(same: Same, value: Any) -> None:
    assert same(there_and_back(value), value)


@given(hnp.arrays(NUMBERS, SHAPES))
def test_arrays_of_numbers_are_restored(same: Same, array: np.ndarray) -> None:
    assert same(there_and_back(array), array)


@given(hnp.arrays(st.sampled_from(["<U1", "<U5", ">U3", "<U40"]).map(np.dtype), SHAPES))
def test_arrays_of_text_are_restored_in_their_width(same: Same, array: np.ndarray) -> None:
    assert same(there_and_back(array), array)


@given(hnp.arrays(object, SHAPES, elements=LEAVES))
def test_arrays_of_objects_are_restored(same: Same, array: np.ndarray) -> None:
    assert same(there_and_back(array), array)


@pytest.mark.parametrize("kind", [np.longlong, np.ulonglong, np.intc])
def test_integers_of_a_c_type_are_restored_in_the_dtype_of_their_size(kind: type) -> None:
    assert there_and_back(np.array([3], kind)).dtype == np.dtype(kind)
    assert there_and_back(kind(3)).dtype == np.dtype(kind)


def test_arrays_inside_of_lists_and_dicts_are_restored(same: Same) -> None:
    nested = {"a": [np.ones(2), (np.zeros(0, np.float32), {"b.c": np.array(3)})], "b": {"c": 1.0}}
    assert same(there_and_back(nested), nested)


def test_an_object_array_of_lists_keeps_its_shape(same: Same) -> None:
    array = np.empty(2, dtype=object)
    array[:] = [[1, 2], [3, 4]]
    assert same(there_and_back(array), array)


def test_a_memory_mapped_array_is_restored_as_an_array(tmp_path: Any, same: Same) -> None:
    mapped = np.memmap(tmp_path / "array", np.float64, "w+", shape=(3,))
    mapped[:] = [1, 2, 3]
    found = there_and_back(mapped)
    assert same(found, np.array([1.0, 2.0, 3.0]))


def test_tensors_are_named_by_their_place() -> None:
    writer = PlainWriter()
    writer.write({"model": {"weights": [np.ones(1), np.ones(2)]}, "mean": np.ones(3)})
    assert list(writer.tensors) == ["model.weights.0", "model.weights.1", "mean"]


def test_tensors_with_equal_names_are_distinguished(same: Same) -> None:
    value = {"a.b": np.ones(1), "a": {"b": np.ones(2)}, "__metadata__": np.ones(3)}
    writer = PlainWriter()
    writer.write(value)
    assert list(writer.tensors) == ["a.b", "a.b~2", "__metadata__~2"]
    assert same(there_and_back(value), value)


@pytest.mark.parametrize("n_drawn", [0, 1, 7, 1000])
def test_a_random_state_continues_where_it_was(n_drawn: int) -> None:
    random_state = np.random.RandomState(3)
    random_state.standard_normal(n_drawn)
    found = there_and_back(random_state)
    assert isinstance(found, np.random.RandomState)
    for draw in ("standard_normal", "uniform", "standard_normal"):
        expected = getattr(random_state, draw)(size=700)
        assert getattr(found, draw)(size=700).tobytes() == expected.tobytes()


class Point(NamedTuple):
    x: int


class Colour(enum.IntEnum):
    RED = 1


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (object(), "object"),
        (print, "builtin_function"),
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        (1j, "complex"),
        (Point(1), "Point"),
        (Colour.RED, "Colour"),
        (OrderedDict(), "OrderedDict"),
        (decimal.Decimal(1), "Decimal"),
        (datetime.date(2020, 1, 1), "date"),
        (np.float64, "type"),
        (np.dtype("f8"), "dtype"),
        (np.complex128(1), "complex128"),
        (np.datetime64("2020"), "datetime64"),
        (np.bytes_(b"a"), "bytes_"),
        (np.array(["2020"], dtype="datetime64[D]"), r"datetime64\[D\]"),
        (np.array([b"a"]), "S1"),
        (np.array([1j]), "complex128"),
        (np.zeros(1, dtype=[("a", "f8")]), "dtype"),
        (np.array(["a"], dtype=np.dtypes.StringDType()), "StringDType"),
        (np.array([object()], dtype=object), "object"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (np.random.default_rng(0), "Generator"),
        (np.random, "module"),
        (np.random.RandomState(np.random.PCG64(0)), "RandomState"),
        (sparse.csr_array((2, 2)), "csr_array"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_without_a_plain_form_is_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(TypeError, match=f"'model.size.*' is a .*{named}.* cannot be saved"):
        PlainWriter().write({"size": value}, ("model",))


@pytest.mark.skipif(np.finfo(np.longdouble).bits == 64, reason="a long double is a double here")
def test_long_doubles_are_refused_rather_than_rounded() -> None:
    for value in (np.longdouble(1), np.ones(2, np.longdouble)):
        with pytest.raises(TypeError, match="cannot be saved"):
            PlainWriter().write(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    with pytest.raises(TypeError, match="contains itself"):
        PlainWriter().write(itself(), ("sizes",))


def test_an_integer_that_python_could_not_read_back_is_refused() -> None:
    with pytest.raises(TypeError, match="'size' is an integer of more than 4096 bits"):
        PlainWriter().write(10**5000, ("size",))


STATE = {"key": {"$tensor": "key"}, "position": 0, "has_gauss": 0, "gauss": 0.0}


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        ({"$import": "os"}, "unknown kind"),
        ({"$": 1}, "unknown kind"),
        ({"$tuple": [], "more": 1}, "unknown kind"),
        ({"$estimator": {"class": "MLPClassifier"}}, "unknown kind"),
        ({"$float": "1.0"}, "unknown number"),
        ({"$scalar": ["object", 1]}, "unknown dtype"),
        ({"$tensor": "missing"}, "lacks"),
        ([{"$tensor": "key"}, {"$tensor": "key"}], "twice"),
        ({"$text": {"dtype": "<U999999999", "shape": [9], "items": ["a"] * 9}}, "unknown dtype"),
        ({"$text": {"dtype": "|O", "shape": [1], "items": ["a"]}}, "unknown dtype"),
        ({"$text": {"dtype": "<U1", "shape": [1], "items": [1]}}, "not all text"),
        ({"$random_state": {**STATE, "position": 625}}, "random state.(key|position) is"),
        ({"$random_state": {**STATE, "position": -1}}, "random state.(key|position) is"),
        ({"$random_state": {**STATE, "position": True}}, "random state.(key|position) is"),
        (
            {"$random_state": {**STATE, "key": {"$tensor": "short"}}},
            "random state.(key|position) is",
        ),
    ],
)
def test_json_that_no_writer_writes_is_refused(plain: Any, reason: str) -> None:
    tensors = {"key": np.zeros(624, np.uint32), "short": np.zeros(3, np.uint32)}
    with pytest.raises(ModelFileError, match=reason):
        PlainReader(tensors).read(plain)
