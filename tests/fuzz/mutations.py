"""Mutations of JSON values, arrays and bytes, drawn from a seeded generator.

Numbers become extremes, texts become others, lists are cut or grown, keys are dropped, doubled or
swapped. A draw costs microseconds, so that a fuzzer's time goes to the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

EXTREME_INTEGERS = (0, 1, -1, 2, -2, 7, 255, 256, 625, 2**31 - 1, 2**31, -(2**31), 2**32, 2**40)
EXTREME_INTEGERS += (2**53, 2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 10**18, -(10**8), 10**400)
EXTREME_FLOATS = (0.0, -0.0, 0.5, 1.5, -1.0, 1e-320, 1e-9, 1e16, 1e150, -1e300, 1.7e308)
TEXTS = ("", "a", "x" * 300, "\ud800", "nan", "None", "0", "__class__", "é", "\0", "fit", "native")
TAGS = ("$tensor", "$float", "$tuple", "$dict", "$text", "$scalar", "$estimator")
SCRAPS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], {"a": 1}, [0, 1, 2])


def places(plain: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in JSON."""
    yield place
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from places(value, (*place, key))
    elif isinstance(plain, list):
        for i, value in enumerate(plain):
            yield from places(value, (*place, i))


def value_at(plain: Any, place: tuple[Any, ...]) -> Any:
    """Return the value at a path."""
    for key in place:
        plain = plain[key]
    return plain


def replaced(plain: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return JSON with one value replaced; only the containers on its path are copied."""
    if not place:
        return value
    copied = plain.copy()
    copied[place[0]] = replaced(plain[place[0]], place[1:], value)
    return copied


def mutate_json(plain: Any, all_places: list[tuple[Any, ...]], rng: random.Random) -> Any:
    """Return JSON with one mutation somewhere."""
    place = rng.choice(all_places)
    return replaced(plain, place, mutate_value(value_at(plain, place), plain, all_places, rng))


def mutate_value(
    value: Any, plain: Any, all_places: list[tuple[Any, ...]], rng: random.Random
) -> Any:
    """Return another value for a JSON value: a similar, extreme, or different kind of value."""
    draw = rng.random()
    if draw < 0.15:
        return value_at(plain, rng.choice(all_places))
    if draw < 0.25:
        return rng.choice(SCRAPS)
    if draw < 0.35:
        return rng.choice((*TEXTS, *EXTREME_INTEGERS, *EXTREME_FLOATS))
    if isinstance(value, dict):
        return mutate_dict(value, rng)
    if isinstance(value, list):
        return mutate_list(value, rng)
    if isinstance(value, str):
        return mutate_text(value, rng)
    if isinstance(value, bool) or value is None:
        return rng.choice((not value, None, 0, 1, "true"))
    return mutate_number(value, rng)


def mutate_dict(value: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Drop a key, rename it, add one, swap two values, or give a tag another value's content."""
    keys, changed = list(value), dict(value)
    if not keys:
        return {rng.choice(TEXTS): rng.choice(SCRAPS)}
    key, other = rng.choice(keys), rng.choice(keys)
    draw = rng.randrange(5)
    if draw == 0:
        del changed[key]
    elif draw == 1:
        changed[rng.choice((*TEXTS, *TAGS))] = changed.pop(key)
    elif draw == 2:
        changed[rng.choice(TEXTS)] = rng.choice(SCRAPS)
    else:
        changed[key], changed[other] = changed[other], changed[key]
    return changed


def mutate_list(value: list[Any], rng: random.Random) -> list[Any]:
    """Cut a list, grow it, repeat it, reverse it, or swap two of its items."""
    if not value:
        return [rng.choice(SCRAPS)]
    i, j = rng.randrange(len(value)), rng.randrange(len(value))
    swapped = list(value)
    swapped[i], swapped[j] = swapped[j], swapped[i]
    grown = [*value, value[i]]
    return rng.choice((value[:i], value[i:], grown, value * 2, value[::-1], swapped))


def mutate_text(value: str, rng: random.Random) -> str:
    """Cut a text, change one character, change its case, or replace it."""
    i = rng.randrange(len(value) + 1)
    changed = value[:i] + chr(rng.randrange(32, 0x250)) + value[i + 1 :]
    return rng.choice((value[:i], changed, value.upper(), value + value, rng.choice(TEXTS)))


def mutate_number(value: float, rng: random.Random) -> float:
    """Return a number near this one, its negative, or an extreme one."""
    draw = rng.randrange(6)
    if draw == 0:
        return -value
    if draw == 1:
        return value + rng.choice((1, -1))
    if draw == 2:
        return value * 2 if abs(value) < 1e300 else value
    if draw == 3:
        return rng.choice(EXTREME_FLOATS)
    return rng.choice(EXTREME_INTEGERS)


def mutate_array(array: np.ndarray, rng: random.Random) -> np.ndarray:
    """Return a copy with different elements, another shape, or another dtype."""
    draw = rng.randrange(8)
    if draw == 0:
        dtypes = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1")
        with np.errstate(all="ignore"):
            return array.astype(rng.choice(dtypes))
    if draw == 1:
        return _reshaped(array, rng)
    copied = array.copy()
    flat = copied.reshape(-1)
    if not flat.size:
        return np.zeros(rng.choice(((1,), (2, 2), (), (0, 3))), array.dtype)
    i = rng.randrange(flat.size)
    if draw == 2:
        flat.view(np.uint8)[rng.randrange(flat.view(np.uint8).size)] ^= 1 << rng.randrange(8)
        if array.dtype.kind == "b":
            flat.view(np.uint8)[:] &= 1
    elif draw == 3:
        flat[:] = _extreme(array.dtype, rng)
    elif draw == 4:
        flat[:] = flat[::-1].copy()
    elif draw == 5:
        flat[i:] = flat[i]
    else:
        flat[i] = _extreme(array.dtype, rng)
    return copied


def _reshaped(array: np.ndarray, rng: random.Random) -> np.ndarray:
    flat, i = array.reshape(-1), rng.randrange(array.size + 1)
    shapes = (flat, flat[:i], np.concatenate([flat, flat]), array[None], array.T.copy())
    return rng.choice(shapes) if array.ndim else flat


def _extreme(dtype: np.dtype, rng: random.Random) -> Any:
    if dtype.kind == "b":
        return rng.random() < 0.5
    if dtype.kind == "f":
        drawn = rng.choice((np.nan, np.inf, -np.inf, 0.0, 1e-40, *EXTREME_FLOATS))
        with np.errstate(all="ignore"):
            return np.float64(drawn).astype(dtype)
    drawn = rng.choice(EXTREME_INTEGERS)
    return np.uint64(drawn % 2**64).astype(dtype)


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Flip bits, cut, repeat or overwrite a run of bytes."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8))):
        i = rng.randrange(len(changed) + 1)
        n = rng.choice((1, 2, 4, 8, 64))
        draw = rng.randrange(4)
        if draw == 0 and i < len(changed):
            changed[i] ^= 1 << rng.randrange(8)
        elif draw == 1:
            del changed[i : i + n]
        elif draw == 2:
            changed[i:i] = changed[i : i + n]
        else:
            changed[i : i + n] = rng.randbytes(n)
    return bytes(changed)
