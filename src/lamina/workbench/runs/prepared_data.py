"""Data of a run: the experiment's rows, split into training and test set, as network inputs.

Shapes: a dataset's X (n_samples, n_features); inputs (n_samples, n_inputs) float64, C-contiguous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina.datasets import Dataset
from lamina.encoding import TableEncoding
from lamina.encoding.columns import find_kind
from lamina.errors import ExperimentError
from lamina.estimators.perceptron import Perceptron
from lamina.formulas.table import AnyArray
from lamina.workbench.data.drawn import DrawnData
from lamina.workbench.data.image_shapes import infer_image_shape
from lamina.workbench.data.inputs import build_inputs
from lamina.workbench.data.sources import DataStore
from lamina.workbench.runs.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

# Training set and test set.
Parts: TypeAlias = tuple[AnyArray, AnyArray]


@dataclass(frozen=True)
class PreparedData:
    """Training and test set of an experiment.

    Attributes
    ----------
    experiment : Experiment
        Without the model's parameters that its task does not have.
    dataset : Dataset
    model : estimator
        Unfitted.
    encoding : TableEncoding or None
        Encoding of a table's columns as numbers, fitted on the training rows.
    columns : tuple of str
        Columns of the table used as features; empty if the data is not a table.
    scaler, target_scaler : StandardScaler or None
        Fitted on the training rows.
    X_train, X_test : ndarray of shape (n, n_inputs)
        Inputs of the network.
    y_train, y_test : ndarray of shape (n,)
        Targets of the network.
    features_train, features_test : ndarray of shape (n, n_features)
        Features in the units of the data.
    targets_train, targets_test : ndarray of shape (n,)
        Targets in the units of the data.
    """

    experiment: Experiment
    dataset: Dataset
    model: Perceptron
    encoding: TableEncoding | None
    columns: tuple[str, ...]
    scaler: StandardScaler | None
    target_scaler: StandardScaler | None
    X_train: AnyArray
    X_test: AnyArray
    y_train: AnyArray
    y_test: AnyArray
    features_train: AnyArray
    features_test: AnyArray
    targets_train: AnyArray
    targets_test: AnyArray

    def inputs(self, features: AnyArray) -> AnyArray:
        """Compute the network's inputs from features in the units of the data."""
        inputs = build_inputs(features, self.experiment.inputs)
        return inputs if self.scaler is None else self.scaler.transform(inputs)

    def in_units_of_target(self, prediction: AnyArray) -> AnyArray:
        """Convert a regression's prediction to the units of the data."""
        if self.target_scaler is None:
            return prediction
        scaler = self.target_scaler
        return np.asarray(prediction * scaler.scale_[0] + scaler.mean_[0])

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Name of each column of X."""
        return self.experiment.inputs or self.dataset.feature_names

    @cached_property
    def image_shape(self) -> tuple[int, int] | None:
        """Height and width if the features are an image's pixels, used unchanged; else None."""
        has_stage = self.model.inputs is not None
        is_as_given = self.experiment.inputs is None and self.encoding is None and not has_stage
        return infer_image_shape(self.dataset.feature_names) if is_as_given else None

    def codes(self, targets: AnyArray) -> NDArray[np.int64]:
        """Return the index of each target's class in `class_names`."""
        return np.searchsorted(np.unique(self.dataset.y), targets)

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Classes in the order of their codes; empty for a regression."""
        if self.dataset.task == "regression":
            return ()
        codes = np.unique(self.dataset.y)
        names = self.dataset.target_names
        return tuple(names[code] for code in codes) if names else tuple(map(str, codes))

    @cached_property
    def codes_test(self) -> NDArray[np.int64]:
        """Class codes of the test rows."""
        return self.codes(self.targets_test)


def prepare_data(experiment: Experiment, data_store: DataStore) -> PreparedData:
    """Load the data of an experiment, split it, compute the inputs and scale them.

    Raises
    ------
    ExperimentError
        If the data cannot be loaded or split, the inputs do not fit the data, or the model's
        parameters are not valid.
    """
    rows = _rows(experiment, experiment.data.load(data_store))
    dataset = rows.dataset
    experiment = experiment.for_task(dataset.task)
    model = experiment.estimator(dataset.task)
    if experiment.inputs is not None and dataset.X.shape[1] != 2:
        raise ExperimentError(
            f"inputs={list(experiment.inputs)} require two features, but {dataset.name!r} has "
            f"{dataset.X.shape[1]}: set inputs to null",
            "inputs",
        )
    train, test = (build_inputs(part, experiment.inputs) for part in rows.features)
    # TableEncoding has already standardised the columns of a table.
    is_scaled = experiment.scaled and rows.encoding is None
    inputs, scaler = _standardise((train, test), is_scaled)
    if isinstance(model.batch_size, int):
        # Data drawn by hand may have fewer points than a batch; fit would warn each time.
        model.set_params(batch_size=min(model.batch_size, len(inputs[0])))
    columns = rows.targets[0][:, np.newaxis], rows.targets[1][:, np.newaxis]
    is_scaled = experiment.target_scaled and dataset.task == "regression"
    scaled, target_scaler = _standardise(columns, is_scaled)
    return PreparedData(
        experiment,
        dataset,
        model,
        rows.encoding,
        rows.columns,
        scaler,
        target_scaler,
        np.ascontiguousarray(inputs[0]),
        np.ascontiguousarray(inputs[1]),
        scaled[0][:, 0],
        scaled[1][:, 0],
        *rows.features,
        *rows.targets,
    )


class _Rows(NamedTuple):
    """Training and test rows of a data set as numbers."""

    dataset: Dataset
    features: Parts
    targets: Parts
    encoding: TableEncoding | None = None
    columns: tuple[str, ...] = ()


def _rows(experiment: Experiment, dataset: Dataset) -> _Rows:
    """Return the split rows; a table's columns are encoded, fitted on the training rows."""
    features, targets = _split(experiment, dataset)
    # A table's X is a data frame.
    rows: object = dataset.X
    if isinstance(rows, np.ndarray):
        return _Rows(dataset, features, targets)
    features, encoding = _as_numbers(*features)
    names = dataset.feature_names if encoding is None else encoding.get_feature_names_out()
    as_numbers = replace(
        dataset,
        X=np.concatenate(features),
        y=np.concatenate(targets),
        feature_names=tuple(map(str, names)),
    )
    return _Rows(as_numbers, features, targets, encoding, dataset.feature_names)


def _as_numbers(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Parts, TableEncoding | None]:
    """Return both parts of a table as numbers, with the encoding, or None if all were numbers."""
    is_whole = not train.isna().any().any() and not test.isna().any().any()
    if is_whole and all(find_kind(str(name), train[name]) == "number" for name in train.columns):
        X_train, X_test = (part.to_numpy(dtype=np.float64) for part in (train, test))
        return (X_train, X_test), None
    encoding = TableEncoding(sparse_output=False).fit(train)
    return (encoding.transform(train), encoding.transform(test)), encoding


def _standardise(parts: Parts, is_scaled: bool) -> tuple[Parts, StandardScaler | None]:
    """Standardise both parts by the first one's mean and standard deviation, if `is_scaled`."""
    if not is_scaled:
        return parts, None
    scaler = StandardScaler().fit(parts[0])
    return (scaler.transform(parts[0]), scaler.transform(parts[1])), scaler


def _split(experiment: Experiment, dataset: Dataset) -> tuple[Parts, Parts]:
    """Return features and targets, each as training and test set, stratified by class."""
    if isinstance(experiment.data, DrawnData):
        test = experiment.data.held_out(experiment.test_fraction)
        X, y = dataset.X, dataset.y
        return (np.delete(X, test, axis=0), X[test]), (np.delete(y, test), y[test])
    try:
        parts = train_test_split(
            dataset.X,
            dataset.y,
            test_size=experiment.test_fraction,
            random_state=experiment.split_seed,
            stratify=dataset.y if dataset.task == "classification" else None,
        )
    except ValueError as error:
        raise ExperimentError(
            f"{len(dataset.y)} rows cannot be split with "
            f"test_fraction={experiment.test_fraction:g}: {error} Add rows to the smallest "
            "classes, or change test_fraction.",
            "test_fraction",
        ) from None
    X_train, X_test, y_train, y_test = parts
    return (X_train, X_test), (y_train, y_test)
