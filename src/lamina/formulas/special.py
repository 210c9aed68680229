"""SciPy's special functions as ufuncs, which other arrays and expressions can answer.

With the environment variable SCIPY_ARRAY_API, SciPy wraps its ufuncs in functions that accept only
the arrays of libraries that it knows.
"""

from __future__ import annotations

from typing import Any

from scipy import special


def _ufunc(name: str) -> Any:
    function = getattr(special, name)
    return getattr(function, "__wrapped__", function)


expit, logit, ndtr, xlogy = map(_ufunc, ("expit", "logit", "ndtr", "xlogy"))
