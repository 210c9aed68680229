"""Functions of two variables for comparing descents: a bowl, a ravine, a saddle, several minima.

Shapes: x and y are numbers or arrays of the same shape, and so are values and partial derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray, RecordTable

Point: TypeAlias = tuple[float, float]
# A float, or an array of floats.
Coordinate: TypeAlias = Any
Value: TypeAlias = Callable[[Coordinate, Coordinate], Coordinate]
Gradient: TypeAlias = Callable[[Coordinate, Coordinate], tuple[Coordinate, Coordinate]]
# The cube root of the rounding error minimises the error of central differences.
RELATIVE_STEP = float(np.finfo(np.float64).eps ** (1 / 3))


@dataclass(frozen=True)
class Surface:
    """One function of two variables.

    Attributes
    ----------
    name : str
    value : callable
        `value(x, y)`.
    gradient : callable
        `gradient(x, y)` returns ∂f/∂x and ∂f/∂y.
    start : tuple of float
        Default start of descents.
    minima : tuple of points
        Known minima, the lowest first; empty if unknown.
    window : tuple of float or None
        (left, right, bottom, top) of the interesting part; None if unknown.
    equation, paper : str
        Formula as text, and its source; empty if there is none.
    """

    name: str
    value: Value
    gradient: Gradient
    start: Point
    minima: tuple[Point, ...] = ()
    window: tuple[float, float, float, float] | None = None
    equation: str = ""
    paper: str = ""

    def values(self, x: AnyArray, y: AnyArray) -> NDArray[np.float64]:
        """Return the values at many points, even if the function accepts only one at a time."""
        with np.errstate(all="ignore"):
            try:
                found = np.asarray(self.value(x, y), dtype=np.float64)
            except (TypeError, ValueError):
                found = np.vectorize(self.value, otypes=[np.float64])(x, y)
        return np.asarray(np.broadcast_to(found, np.shape(x)))


def bowl(x: Coordinate, y: Coordinate) -> Coordinate:
    return (x**2 + y**2) / 2


def bowl_gradient(x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    return x, y


def ravine(x: Coordinate, y: Coordinate) -> Coordinate:
    return (x**2 + 25 * y**2) / 2


def ravine_gradient(x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    return x, 25 * y


def rosenbrock(x: Coordinate, y: Coordinate) -> Coordinate:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    return -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)


def beale(x: Coordinate, y: Coordinate) -> Coordinate:
    return sum((c - x * (1 - y**k)) ** 2 for k, c in enumerate((1.5, 2.25, 2.625), start=1))


def beale_gradient(x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    parts = [(k, c - x * (1 - y**k)) for k, c in enumerate((1.5, 2.25, 2.625), start=1)]
    return (
        sum(-2 * part * (1 - y**k) for k, part in parts),
        sum(2 * part * x * k * y ** (k - 1) for k, part in parts),
    )


def saddle(x: Coordinate, y: Coordinate) -> Coordinate:
    return x**2 / 2 + y**4 / 4 - y**2 / 2


def saddle_gradient(x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    return x, y**3 - y


def two_minima(x: Coordinate, y: Coordinate) -> Coordinate:
    return (x**2 - 1) ** 2 + x / 4 + y**2


def two_minima_gradient(x: Coordinate, y: Coordinate) -> tuple[Coordinate, Coordinate]:
    return 4 * x * (x**2 - 1) + 1 / 4, 2 * y


# Roots of 4 x³ - 4 x + 1/4; the middle one is the pass between the two valleys.
LOW, _PASS, HIGH = sorted(np.roots([4, 0, -4, 0.25]).real.tolist())

SURFACES = RecordTable(
    "surface",
    Surface(
        "bowl",
        bowl,
        bowl_gradient,
        start=(-4.0, 3.0),
        minima=((0.0, 0.0),),
        window=(-5, 5, -4, 4),
        equation="½ (x² + y²)",
    ),
    Surface(
        "ravine",
        ravine,
        ravine_gradient,
        start=(-9.0, 1.5),
        minima=((0.0, 0.0),),
        window=(-10, 4, -2.5, 2.5),
        equation="½ (x² + 25 y²)",
    ),
    Surface(
        "rosenbrock",
        rosenbrock,
        rosenbrock_gradient,
        start=(-1.2, 1.0),
        minima=((1.0, 1.0),),
        window=(-2, 2, -1, 3),
        equation="(1 - x)² + 100 (y - x²)²",
        paper=(
            "Rosenbrock 1960, An automatic method for finding the greatest or least value of a "
            "function"
        ),
    ),
    Surface(
        "beale",
        beale,
        beale_gradient,
        start=(1.0, 1.5),
        minima=((3.0, 0.5),),
        window=(-1, 4.5, -1.5, 2.5),
        equation="(1.5 - x (1 - y))² + (2.25 - x (1 - y²))² + (2.625 - x (1 - y³))²",
        paper="Beale 1958, On an iterative method for finding a local minimum of a function",
    ),
    Surface(
        "saddle",
        saddle,
        saddle_gradient,
        start=(-1.5, 0.001),
        minima=((0.0, 1.0), (0.0, -1.0)),
        window=(-2, 2, -1.5, 1.5),
        equation="½ x² + ¼ y⁴ - ½ y²",
        paper="Nesterov 2004, Introductory lectures on convex optimization, section 1.2.3",
    ),
    Surface(
        "two_minima",
        two_minima,
        two_minima_gradient,
        start=(1.8, 1.0),
        minima=((LOW, 0.0), (HIGH, 0.0)),
        window=(-2, 2, -1.5, 1.5),
        equation="(x² - 1)² + ¼ x + y²",
    ),
)


def get_surface(function: str | Surface | Value) -> Surface:
    """Return the surface of a name, a Surface itself, or one made from a function `f(x, y)`.

    The gradients of a plain function are computed by central differences.

    Raises
    ------
    UnknownNameError
        For a name that is not in SURFACES.
    TypeError
        For an argument of another type.

    Examples
    --------
    >>> get_surface("bowl").value(3.0, 4.0)
    12.5
    >>> x, y = get_surface(lambda x, y: x * y**2).gradient(2.0, 3.0)
    >>> round(x, 6), round(y, 6)
    (9.0, 12.0)
    """
    if isinstance(function, Surface):
        return function
    if callable(function):
        name = getattr(function, "__name__", type(function).__name__)
        return Surface(name.strip("<>"), function, _differences(function), start=(1.0, 1.0))
    if isinstance(function, str):
        return SURFACES[function]
    raise TypeError(
        f"function={function!r} is neither one of {', '.join(map(repr, SURFACES))}, nor a Surface, "
        "nor a function f(x, y)"
    )


def _differences(value: Value) -> Gradient:
    def gradient(x: float, y: float) -> tuple[float, float]:
        along_x, along_y = (RELATIVE_STEP * max(1.0, abs(c)) for c in (x, y))
        return (
            (value(x + along_x, y) - value(x - along_x, y)) / (2 * along_x),
            (value(x, y + along_y) - value(x, y - along_y)) / (2 * along_y),
        )

    return gradient
