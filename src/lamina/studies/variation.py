"""Copies of an estimator that differ in one parameter and share a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sklearn.base import clone

from lamina.errors import suggestion
from lamina.estimators.settings.constraints import hidden_widths

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

HIDDEN = "hidden_layer_sizes"


def _of_depth(hidden_layer_sizes: int | Sequence[int], depth: int) -> tuple[int, ...]:
    widths = hidden_widths(hidden_layer_sizes)
    return (widths[0] if widths else 100,) * int(depth)


def _of_width(hidden_layer_sizes: int | Sequence[int], width: int) -> tuple[int, ...]:
    return (int(width),) * max(1, len(hidden_widths(hidden_layer_sizes)))


# A value of any parameter of an estimator.
ParameterValue: TypeAlias = Any
Shape: TypeAlias = Callable[[int | Sequence[int], int], tuple[int, ...]]
# Parameters that are varied by setting hidden_layer_sizes, which scikit-learn's networks have too.
SHAPES: Mapping[str, Shape] = {
    "depth": _of_depth,
    "width": _of_width,
}


@dataclass(frozen=True)
class Variation:
    """Copies of an estimator that differ in one parameter.

    Parameters
    ----------
    estimator : estimator
    parameter : str
        A name in `get_params`, such as 'mlp__alpha' in a pipeline; or 'depth' or 'width' of the
        hidden layers, 'mlp__depth' in a pipeline.
    seed : int
        Value for every `random_state` that is None.

    Raises
    ------
    ValueError
        For an unknown parameter.
    """

    estimator: BaseEstimator
    parameter: str
    seed: int

    def __post_init__(self) -> None:
        params = self.estimator.get_params()
        if self.parameter not in params and self._shaped not in params:
            kind, name = type(self.estimator).__name__, self.parameter
            inside = [each for each in params if each.endswith(f"__{name}")]
            inside += [self._sibling(each, name) for each in params if each.endswith(f"__{HIDDEN}")]
            near = f" Did you mean {inside[0]!r}?" if inside and self._is_known(inside[0]) else ""
            near = near or suggestion(name, [*params, *SHAPES])
            raise ValueError(
                f"parameter={name!r} is not a parameter of this {kind}.{near} "
                "get_params() lists them; 'depth' and 'width' are those of the hidden layers."
            )

    def copy(self, value: ParameterValue) -> BaseEstimator:
        """Return an unfitted copy with the parameter set to the value."""
        model = clone(self.estimator)
        params = model.get_params()
        seeds = [name for name in params if name.rpartition("__")[2] == "random_state"]
        model.set_params(**{name: self.seed for name in seeds if params[name] is None})
        if self._shaped not in params:
            return model.set_params(**{self.parameter: clone(value, safe=False)})
        shape = SHAPES[self.parameter.rpartition("__")[2]]
        return model.set_params(**self._with_layers(params, shape, value))

    def _with_layers(
        self, params: Mapping[str, ParameterValue], shape: Shape, value: int
    ) -> dict[str, ParameterValue]:
        """Return parameters that set the hidden layers: those of lamina, or scikit-learn's only."""
        siblings = {name: self._sibling(self.parameter, name) for name in SHAPES}
        width, depth = (params.get(siblings[name]) for name in ("width", "depth"))
        present = params[self._shaped]
        if width is not None or depth is not None:
            present = (width or 100,) * (1 if depth is None else depth)
        unset = {name: None for name in siblings.values() if name in params}
        return {**unset, self._shaped: shape(present, value)}

    @property
    def _shaped(self) -> str:
        """Name of the parameter that 'depth' and 'width' set; empty for other parameters."""
        name = self.parameter.rpartition("__")[2]
        return self._sibling(self.parameter, HIDDEN) if name in SHAPES else ""

    def _is_known(self, name: str) -> bool:
        params = self.estimator.get_params()
        return name in params or name.rpartition("__")[2] in SHAPES

    @staticmethod
    def _sibling(name: str, other: str) -> str:
        prefix, separator, _ = name.rpartition("__")
        return f"{prefix}{separator}{other}"
