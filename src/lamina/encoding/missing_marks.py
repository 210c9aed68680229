"""Texts that stand for a missing value: in any column, and in a column of numbers or dates."""

from __future__ import annotations

# An empty cell and the marks that programs write by themselves. They are missing in every column.
ANYWHERE = frozenset(
    (
        "",
        *("NA", "N/A", "n/a", "#NA", "#N/A", "#N/A N/A", "<NA>", "NULL", "null"),
        *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    )
)
# People write these by hand. They are missing among numbers and dates only, in any case: among
# words "none" and "unknown" are answers like others.
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
    """Whether a cell in a column of numbers or dates says that there is no value.

    Examples
    --------
    >>> [is_missing_number(text) for text in ("?", " N/A ", "Unknown", "<5", "0")]
    [True, True, True, False, False]
    """
    return text.strip().casefold() in AMONG_NUMBERS
