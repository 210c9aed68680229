"""Binary messages: decoding reverses encoding, arrays are aligned, invalid bytes are rejected."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from lamina.workbench.views.frames import ALIGNMENT, DTYPES, decode, encode, to_json

arrays = st.dictionaries(
    st.text(min_size=1, max_size=5),
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays_of.arrays(dtype, arrays_of.array_shapes(min_dims=1, min_side=0))
    ),
    max_size=4,
)


@given(arrays)
def test_arrays_round_trip_with_equal_bits(given_arrays):
    header, found = decode(encode({"kind": "frame", "epoch": 3}, given_arrays))
    assert header == {"kind": "frame", "epoch": 3}
    assert list(found) == list(given_arrays)
    for name, array in given_arrays.items():
        assert found[name].shape == array.shape
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes()


@given(arrays)
def test_arrays_are_aligned_for_views_without_a_copy(given_arrays):
    message = encode({"name": "Größe"}, given_arrays)
    length = int.from_bytes(message[8:12], "little")
    places = json.loads(message[16 : 16 + length])["arrays"]
    assert (16 + length) % ALIGNMENT == 0
    assert all(place["offset"] % ALIGNMENT == 0 for place in places)


def test_the_prefix_follows_the_protocol():
    message = encode({}, {})
    assert message[:8] == b"LAMW\x01\x00\x00\x00"
    assert message[12:16] == b"\0\0\0\0"


def test_noncontiguous_arrays_round_trip():
    table = np.arange(12.0).reshape(3, 4)
    _, found = decode(encode({}, {"columns": table.T, "big": table.astype(">f8")}))
    np.testing.assert_array_equal(found["columns"], table.T)
    np.testing.assert_array_equal(found["big"], table)


def test_an_array_of_another_dtype_is_rejected():
    with pytest.raises(TypeError, match="codes has dtype int64; a frame supports float32"):
        encode({}, {"codes": np.zeros(2, np.int64)})


def test_infinite_numbers_become_null():
    plain = {"loss": math.nan, "curve": [1.0, math.inf], "n": np.float64("nan"), "k": np.int32(3)}
    assert json.loads(to_json(plain)) == {"loss": None, "curve": [1.0, None], "n": None, "k": 3}


@pytest.mark.parametrize(
    "message", [b"", b"LAMW", b"GET / HTTP/1.1\r\n\r\n", b"LAMW\x02" + b"\0" * 30]
)
def test_invalid_frames_are_rejected(message):
    with pytest.raises(ValueError, match="frame"):
        decode(message)
