"""Categories that are integers: 2 and 2.0 are the same category.

Many programs convert a column of integers to floats as soon as one cell is empty, so a category may
be '2' in one file and '2.0' in the next. '02' is a different text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.0)?")


def other_spelling(text: str) -> str | None:
    """Return '2.0' for '2' and '2' for '2.0'; None for a text that is not an integer.

    Examples
    --------
    >>> [other_spelling(text) for text in ("2", "-2.0", "02", "2.5", "two")]
    ['2.0', '-2', None, None, None]
    """
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    return found[1] if found[2] else f"{found[1]}.0"


def find_aliases(categories: Iterable[str | None]) -> dict[str, str]:
    """Return a dict from the other spelling of each integer category to the category.

    Examples
    --------
    >>> find_aliases(["1", "2.0", "02", None])
    {'1.0': '1', '2': '2.0'}
    """
    texts = [text for text in categories if text is not None]
    pairs = ((other_spelling(text), text) for text in texts)
    present = set(texts)
    return {other: text for other, text in pairs if other is not None and other not in present}


def with_known_spelling(
    values: NDArray[np.object_], categories: Collection[str | None]
) -> NDArray[np.object_]:
    """Return the values with each category spelled as in training.

    Parameters
    ----------
    values : object array of shape (n_samples,)
        Texts; None where missing.
    categories : collection of str or None
    """
    aliases = find_aliases(categories)
    if not aliases:
        return values
    names = [aliases.get(value, value) for value in values.tolist()]
    return np.array([*names, None], dtype=object)[:-1]


def unify_spellings(values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the values with '2.0' replaced by '2' if both occur."""
    texts = set(values.tolist()) - {None}
    both = [text for text in texts if not text.endswith(".0") and other_spelling(text) in texts]
    return with_known_spelling(values, both) if both else values
