"""Texts that mean a missing value: in any column, or in a column of numbers or dates."""

from __future__ import annotations

# Empty cells and marks written by programs; they are missing values in every column.
ANYWHERE = frozenset(
    (
        "",
        *("NA", "N/A", "n/a", "#NA", "#N/A", "#N/A N/A", "<NA>", "NULL", "null"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    )
)
# Marks written by people, compared without case. They are missing values only in columns of numbers
# and dates: in a column of words, "none" and "unknown" may be categories.
AMONG_NUMBERS = frozenset(
    (
        *(mark.casefold() for mark in ANYWHERE),
        *("?", "??", "???", "-", "--", "---", "—", "–", "−", ".", "..", "...", "…", "*", "/", "_"),
        *("none", "nil", "n.a.", "n. a.", "na.", "n.d.", "nd", "k.a.", "k. a.", "s/d", "s.d."),
        *("unknown", "unkn", "unk", "missing", "not available", "not applicable", "no data"),
        *("tbd", "tba", "not known", "undefined", "#div/0!", "#value!", "#ref!", "#name?"),
        *("#num!", "#null!", "#error", "#error!", "#n/v", "#nv", "(null)", "(none)", "(blank)"),
        *("0000-00-00", "00.00.0000", "0000-00-00 00:00:00", "nat"),
    )
)


def is_missing_number(text: str) -> bool:
    """Return True if a cell in a column of numbers or dates marks a missing value.

    Examples
    --------
    >>> [is_missing_number(text) for text in ("?", " N/A ", "Unknown", "<5", "0")]
    [True, True, True, False, False]
    """
    return text.strip().casefold() in AMONG_NUMBERS
