"""Texts, numbers and names of a model as safe C99 code."""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from lamina.errors import ExportError
from lamina.formulas.table import AnyArray

NUMBERS_A_LINE, LONGEST_LINE = 6, 80
LONGEST_LITERAL = 4000  # C99 promises 4095 characters
PLAIN = (string.ascii_letters + string.digits + " _-.,:").encode()
# Keywords of C99, C11 and C++, and lower-case macros of C libraries and compilers.
WORDS = """
alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t
char8_t class co_await co_return co_yield compl complex concept const const_cast consteval constexpr
constinit continue decltype default delete do double dynamic_cast else enum errno explicit export
extern false far final float for friend goto i386 if imaginary import inline int interface linux
long module mutable namespace near new noexcept noreturn not not_eq nullptr operator or or_eq
override private protected public register reinterpret_cast requires restrict return short signed
sizeof small static static_assert static_cast stderr stdin stdout struct switch template this
thread_local throw true try typedef typeid typename typeof union unix unsigned using virtual void
volatile wchar_t while xor xor_eq
"""
RESERVED = frozenset(WORDS.split())


def literal(text: str) -> str:
    """Return a text as an ASCII string literal whose bytes are its UTF-8 encoding.

    Raises
    ------
    ExportError
        For a text that has no UTF-8 encoding, or contains a zero byte, which would end a C string.

    Examples
    --------
    >>> print(literal('é"; system("x'))
    "\\303\\251\\042\\073 system\\050\\042x"
    """
    # Other characters become three-digit octal escapes, which cannot absorb the next character.
    return f'"{"".join(_escaped(byte) for byte in utf8(text))}"'


def _escaped(byte: int) -> str:
    return chr(byte) if byte in PLAIN else f"\\{byte:03o}"


def utf8(text: str) -> bytes:
    """Return the UTF-8 bytes of a text; raise ExportError if no C string can hold it."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise ExportError(f"a C header cannot represent {text!r}: it has no UTF-8") from None
    if 0 in encoded:
        raise ExportError(
            f"a C header cannot represent {text!r}, because strings of C end at a zero byte: train "
            "without it, or export to a Python file"
        )
    return encoded


def comment(text: str) -> str:
    """Return a text for a comment, in ASCII and without anything that could end the comment."""
    return f'"{"".join(_escaped(byte) for byte in text.encode("utf-8", "backslashreplace"))}"'


def string_array(name: str, texts: Sequence[str]) -> str:
    """Return the definition of an array of strings; long strings get their own constants."""
    long = {i: text for i, text in enumerate(texts) if len(utf8(text)) > LONGEST_LITERAL}
    lines = [_long_string(f"{name}_{i}", text) for i, text in long.items()]
    entries = [f"{name}_{i}" if i in long else literal(text) for i, text in enumerate(texts)]
    body = ", ".join(entries)
    if len(body) > LONGEST_LINE:
        body = "\n    " + ",\n    ".join(entries)
    return "".join([*lines, f"static const char *const {name}[{len(texts)}] = {{{body}}};\n"])


def _long_string(name: str, text: str) -> str:
    characters = [f"'{_escaped(byte)}'" for byte in utf8(text)] + ["0"]
    lines = [", ".join(characters[i : i + 16]) for i in range(0, len(characters), 16)]
    return f"static const char {name}[] = {{\n    " + ",\n    ".join(lines) + "};\n"


def number_array(declaration: str, numbers: AnyArray) -> str:
    """Return the definition of an array of floating-point numbers, such as 'double w1'."""
    ending = "f" if numbers.itemsize == 4 else ""
    return _array(declaration, [number(each, ending) for each in numbers.ravel()])


def integer_array(declaration: str, numbers: Iterable[int]) -> str:
    """Return the definition of an array of whole numbers, such as 'int places'."""
    return _array(declaration, [str(int(number)) for number in numbers])


def number(value: float | np.floating, ending: str = "") -> str:
    """Return a floating-point number; the shortest decimals that parse to the same one."""
    if math.isfinite(value):
        return f"{value!s}{ending}"
    sign = "-" if value < 0 else ""
    return "NAN" if math.isnan(value) else f"{sign}INFINITY"


def _array(declaration: str, texts: Sequence[str]) -> str:
    rows = [texts[i : i + NUMBERS_A_LINE] for i in range(0, len(texts), NUMBERS_A_LINE)]
    lines = ",\n".join("    " + ", ".join(row) for row in rows)
    return f"static const {declaration}[{len(texts)}] = {{\n{lines}}};\n"


def identifiers(names: Iterable[str]) -> list[str]:
    """Return a distinct C identifier for each column, valid in C++ as well.

    Examples
    --------
    >>> identifiers(["Größe, m²", "int", "2nd", "NAN", "", "nan", '"; system("x'])
    ['Gro_e_m2', 'int_', 'x2nd', 'nan', 'column', 'nan_2', 'system_x']
    """
    found: list[str] = []
    for name in names:
        base = candidate = _identifier(name)
        number = 2
        while candidate in found:
            candidate, number = f"{base}_{number}", number + 1
        found.append(candidate)
    return found


def _identifier(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    letters = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")
    # Names in capitals only could be macros, such as NAN.
    letters = letters.lower() if letters.isupper() else letters
    if not letters:
        return "column"
    if letters[0].isdigit():
        return f"x{letters}"
    return f"{letters}_" if letters in RESERVED else letters
