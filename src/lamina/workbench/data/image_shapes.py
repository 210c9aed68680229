"""Detection of image data: columns are pixels if their names say so."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

SMALLEST_SIDE, LARGEST_SIDE = 3, 64
# pixel_0_7, 1x28, px12: an optional word, then a row and a column or the number of a pixel.
BY_PLACE = re.compile(r"(pixel|px|p)?[_ ]?(\d+)[_x,. ](\d+)", re.IGNORECASE)
BY_NUMBER = re.compile(r"(pixel|px)[_ ]?(\d+)", re.IGNORECASE)


def infer_image_shape(names: Sequence[str]) -> tuple[int, int] | None:
    """Return the height and width of the image whose pixels the columns are, or None.

    Only the names count: they must number the pixels line by line, either by row and column, or by
    one running number, which gives a square.

    Examples
    --------
    >>> infer_image_shape([f"pixel_{row}_{column}" for row in range(3) for column in range(4)])
    (3, 4)
    >>> infer_image_shape([f"pixel{k}" for k in range(784)])
    (28, 28)
    >>> infer_image_shape(["alcohol", "ash"])
    """
    shape = _shape_by_place(names) or _shape_by_number(names)
    if shape is None or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in shape):
        return None
    return shape


def _shape_by_place(names: Sequence[str]) -> tuple[int, int] | None:
    found = [BY_PLACE.fullmatch(name) for name in names]
    if not found or not all(found) or len({each[1] for each in found if each}) > 1:
        return None
    places = [(int(each[2]), int(each[3])) for each in found if each]
    (top, left), (bottom, right) = places[0], places[-1]
    whole = [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
    return (bottom - top + 1, right - left + 1) if places == whole else None


def _shape_by_number(names: Sequence[str]) -> tuple[int, int] | None:
    found = [BY_NUMBER.fullmatch(name) for name in names]
    if not found or not all(found) or len({each[1] for each in found if each}) > 1:
        return None
    numbers, side = [int(each[2]) for each in found if each], math.isqrt(len(names))
    is_counted = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return (side, side) if is_counted and side * side == len(names) else None
