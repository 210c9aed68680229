"""Generated data sets: the function that draws each one, and the options that a page can set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from numbers import Integral, Real

import numpy as np

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.errors import ExperimentError, suggestion
from lamina.formulas.table import RecordTable
from lamina.workbench.data.plain import Message, Plain


@dataclass(frozen=True)
class MakerOption:
    """Numeric option of a generator.

    Attributes
    ----------
    name : str
        Name in an experiment.
    keyword : str
        Name of the function's parameter.
    default, low, high : float
    whole : bool
        True if the value must be a whole number.
    """

    name: str
    keyword: str
    default: float
    low: float
    high: float
    whole: bool = False

    def checked(self, value: object) -> float:
        """Return the value; raise ExperimentError if it is out of bounds."""
        number = math.nan
        if not isinstance(value, bool) and isinstance(value, Real):
            number = float(value)
        if (self.whole and not isinstance(value, Integral)) or not self.low <= number <= self.high:
            noun = "a whole number" if self.whole else "a number"
            raise ExperimentError(
                f"{self.name}={value!r} must be {noun} from {self.low:g} to {self.high:g}",
                self.name,
            )
        return int(number) if self.whole else number


MOST_ROWS = 10_000
SEED = MakerOption("seed", "random_state", 0, 0, 2**32 - 1, whole=True)


def _rows(default: int = 500) -> MakerOption:
    return MakerOption("n_samples", "n_samples", default, 20, MOST_ROWS, whole=True)


def _noise(default: float, high: float = 1.0, keyword: str = "noise") -> MakerOption:
    return MakerOption("noise", keyword, default, 0.0, high)


@dataclass(frozen=True)
class Maker:
    """Generator of one kind of data.

    Attributes
    ----------
    name : str
    task : {'classification', 'regression'}
    about : str
        Description in a few words.
    module, function : str
        Function to import, here and in a script.
    options : tuple of MakerOption
        Options, including the number of rows, the noise and the seed.
    fixed : mapping
        Further arguments of the function.
    """

    name: str
    task: Task
    about: str
    module: str
    function: str
    options: tuple[MakerOption, ...]
    fixed: Plain

    def settings(self, values: Plain) -> dict[str, float]:
        """Return the value of every option: the given one or its default.

        Raises
        ------
        ExperimentError
            For an unknown option, and for a value out of bounds.
        """
        options = {option.name: option for option in self.options}
        for name in values:
            if name not in options:
                raise ExperimentError(
                    f"data {self.name!r} has no option {name!r}.{suggestion(name, options)} "
                    f"It has: {', '.join(options)}.",
                    name,
                )
        return {
            name: option.checked(values.get(name, option.default))
            for name, option in options.items()
        }

    def arguments(self, settings: Mapping[str, float]) -> Message:
        """Return the keyword arguments of the function."""
        return {o.keyword: settings[o.name] for o in self.options} | dict(self.fixed)

    def draw(self, settings: Mapping[str, float]) -> Dataset:
        """Draw the data set."""
        function = getattr(import_module(self.module), self.function)
        X, y = function(**self.arguments(settings))
        of_class = self.task == "classification"
        return Dataset(
            name=self.name,
            X=np.asarray(X, dtype=np.float64),
            y=y.astype(np.int64 if of_class else np.float64, copy=False),
            feature_names=("x", "y")[: X.shape[1]],
            target_names=(),
            task=self.task,
        )


def _maker(
    name: str,
    task: Task,
    about: str,
    path: str,
    *options: MakerOption,
    **fixed: object,
) -> Maker:
    module, _, function = path.rpartition(".")
    return Maker(name, task, about, module, function, (*options, SEED), fixed)


MAKERS = RecordTable(
    "made data set",
    _maker(
        "quadrants",
        "classification",
        "a cluster in each quadrant of the plane",
        "lamina.datasets.make_quadrants",
        _rows(),
        _noise(0.3, 1.0, "std"),
    ),
    _maker(
        "moons",
        "classification",
        "two interleaved half-moons",
        "sklearn.datasets.make_moons",
        _rows(),
        _noise(0.2),
    ),
    _maker(
        "circles",
        "classification",
        "a circle inside another",
        "sklearn.datasets.make_circles",
        _rows(),
        _noise(0.1),
        factor=0.5,
    ),
    _maker(
        "xor",
        "classification",
        "exclusive or: the sign of x · y",
        "lamina.datasets.make_xor",
        _rows(),
        _noise(0.1),
    ),
    _maker(
        "clusters",
        "classification",
        "Gaussian clusters",
        "sklearn.datasets.make_blobs",
        _rows(),
        _noise(1.5, 5.0, "cluster_std"),
        MakerOption("n_classes", "centers", 4, 2, 8, whole=True),
    ),
    _maker(
        "spiral",
        "classification",
        "the arms of a spiral",
        "lamina.datasets.make_spirals",
        _rows(),
        _noise(0.03, 0.3),
        MakerOption("n_arms", "n_arms", 2, 2, 5, whole=True),
    ),
    _maker(
        "curve",
        "regression",
        "a wave over one feature with rising frequency",
        "lamina.datasets.make_curve",
        _rows(200),
        _noise(0.1),
    ),
    _maker(
        "plane",
        "regression",
        "a plane over two features",
        "lamina.datasets.make_plane",
        _rows(),
        _noise(0.1),
    ),
    _maker(
        "hills",
        "regression",
        "Gaussian hills and hollows over two features",
        "lamina.datasets.make_hills",
        _rows(),
        _noise(0.05),
    ),
)
