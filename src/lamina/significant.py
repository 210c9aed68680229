"""Format numbers as text; all printed numbers are formatted by the function here."""

from __future__ import annotations

DIGITS = 6
# Below this magnitude all digits before the point are shown; above it, an exponent reads better.
LARGEST_WITHOUT_EXPONENT = 1e15


def significant(number: float, digits: int = DIGITS) -> str:
    """Format a number with a number of significant digits, without trailing zeros.

    Parameters
    ----------
    number : float or int
        An int keeps all its digits.
    digits : int, default=6

    Returns
    -------
    str
        With an exponent below 0.0001 and from 10¹⁵ on.

    Examples
    --------
    >>> [significant(number) for number in (0.95, 2 / 3, 1.2345678e-8, 3487654.4, 757293135)]
    ['0.95', '0.666667', '1.23457e-08', '3487654', '757293135']
    >>> significant(0.0123456, digits=3), significant(float("nan")), significant(-0.0)
    ('0.0123', 'nan', '0')
    """
    if isinstance(number, int):
        return str(number)
    text = f"{number:.{digits}g}"
    if "e+" in text and abs(number) < LARGEST_WITHOUT_EXPONENT:
        return f"{number:.0f}"
    return "0" if text == "-0" else text
