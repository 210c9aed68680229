"""Experiment: data, inputs, network and training settings, converted to and from plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lamina.datasets.dataset import Task
from lamina.errors import ExperimentError, suggestion
from lamina.estimators.perceptron import Perceptron
from lamina.workbench.data.inputs import INPUTS, PLAIN
from lamina.workbench.data.plain import Message, Plain
from lamina.workbench.data.sources import MadeData, Source, source_from_json
from lamina.workbench.runs.models import model_from, parameters_kept

PARTS = (
    "data",
    "test_fraction",
    "split_seed",
    "inputs",
    "plane",
    "scaled",
    "target_scaled",
    "model",
)
# Allowed values of `plane.kind`.
PLANES = ("columns", "components")


@dataclass(frozen=True)
class Experiment:
    """All settings of a run, from the data to the last epoch.

    Attributes
    ----------
    data : Source
    test_fraction : float
        Fraction of the rows in the test set.
    split_seed : int
        Seed of the split into training and test set.
    inputs : tuple of str or None
        Names in INPUTS, for data with two features; None passes the features themselves.
    plane : mapping or None
        Displayed plane if there are more than two features; None chooses one.
    scaled, target_scaled : bool
        If True, standardise the inputs, or a regression's target, with the mean and standard
        deviation of the training rows.
    model : mapping
        Parameters of the estimator that differ from its defaults.

    Examples
    --------
    >>> experiment = Experiment.from_json({"data": {"kind": "made", "name": "moons"}})
    >>> Experiment.from_json(experiment.to_json()) == experiment
    True
    >>> experiment.merged({"model": {"activation": "relu"}}).model["activation"]
    'relu'
    """

    data: Source
    test_fraction: float = 0.5
    split_seed: int = 0
    inputs: tuple[str, ...] | None = None
    plane: Plain | None = None
    scaled: bool = True
    target_scaled: bool = False
    model: Plain = field(default_factory=dict)

    @classmethod
    def from_json(cls, plain: object) -> Experiment:
        """Return the experiment that `to_json` described; parts left out have their defaults.

        Raises
        ------
        ExperimentError
            For an unknown part, and for a value that is not valid for its part. The model's
            parameters are checked later, when the data has been loaded.
        """
        if not isinstance(plain, Mapping):
            raise ExperimentError("an experiment is a JSON object", None)
        for name in plain:
            if name not in PARTS:
                raise ExperimentError(
                    f"an experiment has no part {name!r}.{suggestion(name, PARTS)}", name
                )
        return cls(
            data=source_from_json(plain.get("data")),
            test_fraction=_fraction(plain.get("test_fraction", 0.5)),
            split_seed=_seed(plain.get("split_seed", 0)),
            inputs=_inputs(plain.get("inputs")),
            plane=_plane(plain.get("plane")),
            scaled=_truth("scaled", plain.get("scaled", True)),
            target_scaled=_truth("target_scaled", plain.get("target_scaled", False)),
            model=_model(plain.get("model", {})),
        )

    def to_json(self) -> Message:
        """Return all parts as plain JSON."""
        return {
            "data": self.data.to_json(),
            "test_fraction": self.test_fraction,
            "split_seed": self.split_seed,
            "inputs": None if self.inputs is None else list(self.inputs),
            "plane": None if self.plane is None else dict(self.plane),
            "scaled": self.scaled,
            "target_scaled": self.target_scaled,
            "model": dict(self.model),
        }

    def merged(self, patch: object) -> Experiment:
        """Return the experiment changed by a JSON merge patch (RFC 7396).

        A patch to other data resets inputs and plane to that data's defaults.

        Raises
        ------
        ExperimentError
            If the result is not a valid experiment.
        """
        if not isinstance(patch, Mapping):
            raise ExperimentError("experiment must be a JSON object: a merge patch", "experiment")
        plain, present, data = self.to_json(), self.data.to_json(), patch.get("data")
        if isinstance(data, Mapping) and _is_other(present, data):
            kind = data.get("kind", present["kind"])
            # Targets of made data are about one in size; other targets need scaling.
            scaled = kind != MadeData.kind
            plain |= {"data": {"kind": kind}, "inputs": None, "plane": None}
            plain["target_scaled"] = scaled
        return Experiment.from_json(merge(plain, patch))

    def estimator(self, task: Task) -> Perceptron:
        """Return the unfitted estimator.

        Raises
        ------
        ExperimentError
            For an unknown parameter or a value that is not valid.
        """
        return model_from(self.model, task)

    def for_task(self, task: Task) -> Experiment:
        """Return the experiment without parameters that only the other task's estimator has."""
        kept = parameters_kept(self.model, task)
        return self if kept == dict(self.model) else replace(self, model=kept)


def first_experiment() -> Experiment:
    """Return the experiment of a new page: two moons, learned in a second or two."""
    return Experiment(
        data=MadeData.from_json({"name": "moons"}),
        inputs=PLAIN,
        model={
            "hidden_layer_sizes": [6, 4],
            "activation": "tanh",
            "learning_rate_init": 0.01,
            "batch_size": 10,
            "max_iter": 10_000,
            "n_iter_no_change": 10_000,
            "random_state": 0,
        },
    )


def merge(plain: Plain, patch: Plain) -> Message:
    """Apply a JSON merge patch: null removes a member, objects are merged, other values replace.

    Examples
    --------
    >>> merge({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
    {'b': {'c': 4, 'd': 3}}
    """
    merged = dict(plain)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            before = merged.get(name)
            merged[name] = merge(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def _is_other(present: Plain, patch: Plain) -> bool:
    """Return True if a patch of the data changes its kind or its name."""
    return any(key in patch and patch[key] != present.get(key) for key in ("kind", "name"))


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.05 <= value <= 0.9:
        raise ExperimentError(
            f"test_fraction={value!r} must be a number from 0.05 to 0.9", "test_fraction"
        )
    return float(value)


def _seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise ExperimentError(
            f"split_seed={value!r} must be a whole number from 0 to 2³² - 1", "split_seed"
        )
    return value


def _truth(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ExperimentError(f"{name}={value!r} must be true or false", name)
    return value


def _inputs(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or len(set(map(str, value))) < len(value):
        raise ExperimentError(f"inputs={value!r} must list different names of inputs", "inputs")
    for name in value:
        if not isinstance(name, str) or name not in INPUTS:
            raise ExperimentError(
                f"unknown input {name!r}.{suggestion(name, INPUTS)} "
                f"Choose from: {', '.join(INPUTS)}.",
                "inputs",
            )
    # In the order of INPUTS, so that the same choice always gives the same network.
    return tuple(name for name in INPUTS if name in value)


def _plane(value: object) -> Plain | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ExperimentError(f"plane={value!r} must be an object with a kind, or null", "plane")
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in PLANES:
        raise ExperimentError(f"plane.kind={kind!r} must be one of {', '.join(PLANES)}", "plane")
    return dict(value)


def _model(value: object) -> Plain:
    if not isinstance(value, Mapping):
        raise ExperimentError(f"model={value!r} must be a JSON object of parameters", "model")
    return dict(value)
