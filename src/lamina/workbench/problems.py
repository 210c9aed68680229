"""What a run is given: the experiment's rows, split, as the network takes them.

Shapes: a dataset's X (n_rows, n_features); inputs (n_rows, n_inputs) float64, C-contiguous.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina.datasets import Dataset
from lamina.errors import ExperimentError
from lamina.workbench.experiment import Experiment
from lamina.workbench.inputs import inputs_of
from lamina.workbench.sources import Shelf


@dataclass(frozen=True)
class Problem:
    """Rows to learn from and rows to test on.

    Attributes
    ----------
    experiment : Experiment
    dataset : Dataset
    model : estimator
        Unfitted.
    scaler, target_scaler : StandardScaler or None
        Fitted on the rows to learn from.
    X_train, X_test : ndarray of shape (n, n_inputs)
        As the network takes them.
    y_train, y_test : ndarray of shape (n,)
        Likewise.
    features_train, features_test : ndarray of shape (n, n_features)
        As the data has them.
    targets_train, targets_test : ndarray of shape (n,)
        Likewise.
    """

    experiment: Experiment
    dataset: Dataset
    model: Any
    scaler: StandardScaler | None
    target_scaler: StandardScaler | None
    X_train: NDArray[Any]
    X_test: NDArray[Any]
    y_train: NDArray[Any]
    y_test: NDArray[Any]
    features_train: NDArray[Any]
    features_test: NDArray[Any]
    targets_train: NDArray[Any]
    targets_test: NDArray[Any]

    def inputs(self, features: NDArray[Any]) -> NDArray[Any]:
        """What the network is given of rows as the data has them."""
        inputs = inputs_of(features, self.experiment.inputs)
        return inputs if self.scaler is None else self.scaler.transform(inputs)

    def in_units_of_target(self, prediction: NDArray[Any]) -> NDArray[Any]:
        """A regression's prediction in the units of its data."""
        if self.target_scaler is None:
            return prediction
        scaler = self.target_scaler
        return np.asarray(prediction * scaler.scale_[0] + scaler.mean_[0])

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """A name for each column that the network is given."""
        return self.experiment.inputs or self.dataset.feature_names

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of their codes; none for a regression."""
        if self.dataset.task == "regression":
            return ()
        codes = np.unique(self.dataset.y)
        names = self.dataset.target_names
        return tuple(names[code] for code in codes) if names else tuple(map(str, codes))


def pose(experiment: Experiment, shelf: Shelf) -> Problem:
    """The problem of an experiment: data loaded, split, made into inputs and scaled.

    Raises
    ------
    ExperimentError
        Where the data cannot be had or split, inputs do not go with it, or the model's parameters
        are refused.
    """
    dataset = experiment.data.load(shelf)
    if experiment.inputs is not None and dataset.X.shape[1] != 2:
        raise ExperimentError(
            f"inputs={list(experiment.inputs)} are made of two features, and {dataset.name!r} has "
            f"{dataset.X.shape[1]}: set inputs to null",
            "inputs",
        )
    model = experiment.for_task(dataset.task).estimator(dataset.task)
    features, targets = _split(experiment, dataset)
    inputs = [inputs_of(part, experiment.inputs) for part in features]
    scaler = StandardScaler().fit(inputs[0]) if experiment.scaled else None
    if scaler is not None:
        inputs = [scaler.transform(part) for part in inputs]
    y, target_scaler = targets, None
    if experiment.target_scaled and dataset.task == "regression":
        target_scaler = StandardScaler().fit(targets[0][:, np.newaxis])
        y = tuple(target_scaler.transform(part[:, np.newaxis])[:, 0] for part in targets)
    X_train, X_test = (np.ascontiguousarray(part) for part in inputs)
    return Problem(
        experiment,
        dataset,
        model,
        scaler,
        target_scaler,
        X_train,
        X_test,
        *y,
        *features,
        *targets,
    )


def _split(
    experiment: Experiment, dataset: Dataset
) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[Any], ...]]:
    """Features and targets, each of training and of test; classes keep their shares."""
    try:
        parts = train_test_split(
            dataset.X,
            dataset.y,
            test_size=experiment.test_share,
            random_state=experiment.split_seed,
            stratify=dataset.y if dataset.task == "classification" else None,
        )
    except ValueError as error:
        raise ExperimentError(
            f"{len(dataset.y)} rows cannot be split with test_share={experiment.test_share:g}: "
            f"{error} Bring more rows of every class, or change test_share.",
            "test_share",
        ) from None
    X_train, X_test, y_train, y_test = parts
    return (X_train, X_test), (y_train, y_test)
