import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from lamina.errors import ModelFileError
from lamina.files.model_file import (
    DTYPES,
    FORMAT_VERSION,
    ModelFile,
    parse_json,
    read_model_file,
    to_chunks,
)
from lamina.network import ParameterLayout, flatten_parameters

# The name that the header reserves; `plain` gives it to no tensor.
NAMES = st.text(st.characters(codec="utf-8")).filter(lambda name: name != "__metadata__")
ARRAYS = hnp.arrays(
    st.sampled_from([*DTYPES.values(), ">f8", ">i4", ">u2"]).map(np.dtype),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
SMALL = {
    "w": np.arange(6.0).reshape(2, 3),
    "b": np.arange(3, dtype=np.float32),
    "flags": np.array([True, False, True]),
}


def packed(metadata: dict[str, str], tensors: dict[str, np.ndarray]) -> bytes:
    return b"".join(bytes(chunk) for chunk in to_chunks(metadata, tensors))


def signed(header: bytes, payload: bytes = b"") -> bytes:
    """Return a file with this header and a matching digest, whatever else the header contains."""
    content = len(header).to_bytes(8, "little") + header + payload
    zeros = b"0" * 64
    return content.replace(zeros, hashlib.sha256(content).hexdigest().encode(), 1)


def forged(entries: dict[str, Any], payload: bytes = b"", **metadata: Any) -> bytes:
    first = {"format": "lamina model", "sha256": "0" * 64, "format_version": "1"}
    header = {"__metadata__": {**first, **metadata}, **entries}
    return signed(json.dumps(header, separators=(",", ":")).encode(), payload)


def unpacked(content: bytes) -> ModelFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.lamina")
        path.write_bytes(content)
        return read_model_file(path)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    native = expected.astype(expected.dtype.newbyteorder("="))
    assert found.dtype == native.dtype
    assert found.shape == native.shape
    assert found.tobytes() == native.tobytes()


@given(st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_tensors_of_every_dtype_and_shape_are_restored(tensors: dict[str, np.ndarray]) -> None:
    found = unpacked(packed({}, tensors)).tensors
    assert found.keys() == tensors.keys()
    for name, expected in tensors.items():
        assert_same(found[name], expected)


@given(st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_the_safetensors_library_reads_the_same_tensors(tensors: dict[str, np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.lamina")
        path.write_bytes(packed({"key": "text"}, tensors))
        found = load_file(path)
        with safe_open(path, framework="numpy") as file:
            assert file.metadata()["key"] == "text"
            assert file.metadata()["format_version"] == str(FORMAT_VERSION)
    assert found.keys() == tensors.keys()
    for name, expected in tensors.items():
        assert_same(found[name], expected)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(24.0).reshape(4, 6)[::-2, 1::2],
        np.broadcast_to(np.float32(2.5), (3, 2)),
    ],
    ids=["fortran", "strided", "broadcast"],
)
def test_an_array_in_any_memory_order_is_restored(array: np.ndarray) -> None:
    assert_same(unpacked(packed({}, {"a": array})).tensors["a"], array)


def test_metadata_keep_their_order() -> None:
    metadata = {"b": 'quotes " and \\', "a": "é\n\x00", "c": ""}
    found = unpacked(packed(metadata, {})).metadata
    assert list(found)[-3:] == ["b", "a", "c"]
    assert metadata.items() <= found.items()


def test_the_same_content_makes_the_same_bytes() -> None:
    assert packed({"a": "1"}, SMALL) == packed({"a": "1"}, SMALL)


def test_a_contiguous_tensor_is_written_without_a_copy() -> None:
    array = np.arange(12.0).reshape(3, 4)
    assert np.shares_memory(np.asarray(to_chunks({}, {"a": array})[-1]), array)


def test_tensors_that_are_read_are_writable_and_aligned() -> None:
    for tensor in unpacked(packed({}, SMALL)).tensors.values():
        assert tensor.flags.writeable
        assert tensor.flags.aligned


def test_views_of_a_flat_vector_that_is_read_need_no_copy() -> None:
    vector = unpacked(packed({}, {"v": np.arange(13.0), "w": np.ones(3)})).tensors["v"]
    views = ParameterLayout(((2, 3), (3, 1)), ((3,), (1,))).views(vector)
    assert np.shares_memory(flatten_parameters(*views), vector)


def test_every_altered_byte_of_a_file_is_detected(tmp_path: Path) -> None:
    content = packed({"notes": "{}"}, SMALL)
    path = tmp_path / "model.lamina"
    for position in range(len(content)):
        for flip in (0x01, 0x20, 0x80):
            altered = bytearray(content)
            altered[position] ^= flip
            path.write_bytes(altered)
            with pytest.raises(ModelFileError):
                read_model_file(path)


def test_every_truncation_is_detected(tmp_path: Path) -> None:
    content = packed({"notes": "{}"}, SMALL)
    path = tmp_path / "model.lamina"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ModelFileError):
            read_model_file(path)


@pytest.mark.parametrize("extra", [b"\x00", b" ", b"}", bytes(1000)])
def test_bytes_added_at_the_end_are_detected(extra: bytes) -> None:
    with pytest.raises(ModelFileError, match="SHA-256"):
        unpacked(packed({}, SMALL) + extra)


def test_two_files_swapped_in_the_middle_are_detected() -> None:
    one, other = packed({}, {"a": np.zeros(50)}), packed({}, {"a": np.ones(50)})
    with pytest.raises(ModelFileError, match="SHA-256"):
        unpacked(one[:-200] + other[-200:])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"a", "it was not written by lamina"),
        (b"age,price\n1,2\n" * 50, "it was not written by lamina"),
        (b"PK\x03\x04" + bytes(300), "zip"),
        (b"\x80\x05\x95" + bytes(300), "never unpickles"),
        (b"\x89HDF\r\n\x1a\n" + bytes(300), "HDF5"),
        (b"\x1f\x8b" + bytes(300), "gzip"),
        (bytes(500), "it was not written by lamina"),
        (b"\xff" * 500, "it was not written by lamina"),
    ],
)
def test_a_foreign_file_is_refused_and_its_format_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(ModelFileError, match=reason):
        unpacked(content)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"sha256": "0" * 64}])
def test_another_safetensors_file_is_refused(
    tmp_path: Path, metadata: dict[str, str] | None
) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"w": np.zeros(3)}, path, metadata)
    with pytest.raises(ModelFileError, match="safetensors file, but was not written by lamina"):
        read_model_file(path)


def test_a_missing_file_raises_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_model_file(tmp_path / "missing.lamina")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder or a device"):
        read_model_file(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="a folder or a device"):
        read_model_file(tmp_path / "pipe")


@pytest.mark.parametrize("length", [0, 7, 10**6, 2**40, 2**63, 2**64 - 1])
def test_a_forged_header_length_is_refused(length: int) -> None:
    content = bytearray(forged({}))
    zeroed = content.replace(bytes(content[8:]).split(b'"')[9], b"0" * 64)
    zeroed[:8] = length.to_bytes(8, "little")
    digest = hashlib.sha256(zeroed).hexdigest().encode()
    with pytest.raises(ModelFileError, match=r"header|JSON"):
        unpacked(bytes(zeroed.replace(b"0" * 64, digest, 1)))


def test_a_newer_format_is_refused_with_the_advice_to_upgrade() -> None:
    with pytest.raises(ModelFileError, match=r"format version 2, .* upgrade lamina"):
        unpacked(forged({"t": {"dtype": "from the future"}}, format_version="2"))


@pytest.mark.parametrize("version", ["0", "", "-1", "one", "1.0", "²", "9" * 5000])
def test_a_version_that_is_not_a_number_is_refused(version: str) -> None:
    with pytest.raises(ModelFileError, match="not a version"):
        unpacked(forged({}, format_version=version))


ENTRY = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dtype": "F65"}, "unknown dtype"),
        ({"dtype": ["F64"]}, "unknown dtype"),
        ({"shape": [3]}, "does not fit"),
        ({"shape": [2.0]}, "out of range"),
        ({"shape": [True, 2]}, "out of range"),
        ({"shape": [-1, -2]}, "out of range"),
        ({"shape": None}, "out of range"),
        ({"shape": [2**61, 2**61]}, "out of range"),
        ({"shape": [2**61, 0]}, "out of range"),
        ({"shape": [1] * 33 + [2]}, "out of range"),
        ({"data_offsets": [0, 15]}, "does not fit"),
        ({"data_offsets": [8, 24]}, "does not fit"),
        ({"data_offsets": [16, 0]}, "does not fit"),
        ({"data_offsets": [-16, 0]}, "out of range"),
        ({"data_offsets": [0, 8, 16]}, "out of range"),
        ({"data_offsets": [0, 2**61], "shape": [2**58]}, "out of range"),
        ({"data_offsets": [0, 2**40], "shape": [2**37]}, "does not fit"),
        ({"more": 1}, "not described"),
    ],
)
def test_a_forged_tensor_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelFileError, match=reason):
        unpacked(forged({"t": {**ENTRY, **change}}, bytes(16)))


@pytest.mark.parametrize("entry", [None, [], "F64", 3])
def test_a_tensor_that_is_not_described_is_refused(entry: Any) -> None:
    with pytest.raises(ModelFileError, match="not described"):
        unpacked(forged({"t": entry}, bytes(16)))


def test_two_tensors_on_the_same_bytes_are_refused() -> None:
    with pytest.raises(ModelFileError, match="does not fit"):
        unpacked(forged({"t": ENTRY, "u": ENTRY}, bytes(16)))


def test_bytes_outside_of_all_tensors_are_refused() -> None:
    with pytest.raises(ModelFileError, match="bytes follow"):
        unpacked(forged({"t": ENTRY}, bytes(24)))


def test_a_boolean_that_is_neither_0_nor_1_is_refused() -> None:
    entry = {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}
    with pytest.raises(ModelFileError, match="neither 0 nor 1"):
        unpacked(forged({"t": entry}, b"\x01\x02"))


def test_metadata_that_are_not_text_are_refused() -> None:
    with pytest.raises(ModelFileError, match="not all text"):
        unpacked(forged({}, more=1))


def test_a_repeated_name_is_refused() -> None:
    header = forged({"t": ENTRY})[8:].replace(b"}}", b'},"t":{}}')
    digest = header.split(b'"')[9]
    with pytest.raises(ModelFileError, match="twice"):
        unpacked(signed(header.replace(digest, b"0" * 64), bytes(16)))


@pytest.mark.parametrize("bomb", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, "\x00", "["])
def test_invalid_or_too_deep_json_is_refused(bomb: str) -> None:
    with pytest.raises(ModelFileError, match="JSON"):
        parse_json(bomb)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"text"'])
def test_json_that_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(ModelFileError, match="JSON object"):
        parse_json(text)


def test_a_header_too_long_for_readers_is_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lamina.files.model_file.LONGEST_HEADER", 200)
    with pytest.raises(ValueError, match="room for 200"):
        to_chunks({"notes": "x" * 200}, {})
