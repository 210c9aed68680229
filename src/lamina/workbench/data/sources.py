"""Sources of an experiment's data: generated, bundled, drawn by hand, from Python, or uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

import numpy as np

from lamina.datasets import Dataset, load
from lamina.datasets.bundled import BUNDLED
from lamina.datasets.dataset import Task
from lamina.datasets.files import CALIFORNIA_FILE, data_file
from lamina.errors import ExperimentError, TableError, suggestion
from lamina.formulas.table import AnyArray
from lamina.workbench.data.drawn import DrawnData
from lamina.workbench.data.makers import MAKERS
from lamina.workbench.data.plain import Message, Plain
from lamina.workbench.data.uploads import UploadedTable

CALIFORNIA = "california_housing"
MOST_CLASSES = 100
TASKS: tuple[Task, ...] = ("classification", "regression")


class DataStore(Protocol):
    """Store of data from Python and of uploaded tables."""

    def find(self, key: str) -> Dataset:
        """Return the data with that hash; raise ExperimentError if it is missing."""
        ...

    def find_table(self, key: str) -> UploadedTable:
        """Return the table with that hash; raise ExperimentError if it is missing."""
        ...


def known_data() -> tuple[str, ...]:
    """Return the names of the data sets available offline: scikit-learn's, and local files."""
    names = tuple(record.name for record in BUNDLED)
    # Without its local file, this data set would have to be downloaded.
    return names if data_file(CALIFORNIA_FILE) is None else (*names, CALIFORNIA)


@dataclass(frozen=True)
class MadeData:
    """Generated data: the generator's name and all its options."""

    kind: ClassVar[str] = "made"
    name: str
    settings: Mapping[str, float]

    @classmethod
    def from_json(cls, plain: Plain) -> MadeData:
        """Return the data that `to_json` described; options left out have their defaults."""
        name = _text(plain, "name")
        if name not in MAKERS:
            raise ExperimentError(
                f"unknown generated data set {name!r}.{suggestion(name, MAKERS)} "
                f"Choose one of: {', '.join(MAKERS)}.",
                "name",
            )
        settings = {key: value for key, value in plain.items() if key not in ("kind", "name")}
        return cls(name, MAKERS[name].settings(settings))

    def to_json(self) -> Message:
        """Return the data as plain JSON."""
        return {"kind": self.kind, "name": self.name, **self.settings}

    def load(self, data_store: DataStore) -> Dataset:
        """Generate the data."""
        return MAKERS[self.name].draw(self.settings)


@dataclass(frozen=True)
class KnownData:
    """Real data set by its name in `lamina.datasets`."""

    kind: ClassVar[str] = "known"
    name: str

    @classmethod
    def from_json(cls, plain: Plain) -> KnownData:
        """Return the data that `to_json` described."""
        name, names = _text(plain, "name"), known_data()
        if name not in names:
            raise ExperimentError(
                f"unknown data set {name!r}.{suggestion(name, names)} "
                f"Choose one of: {', '.join(names)}.",
                "name",
            )
        _refuse_others(plain, "name")
        return cls(name)

    def to_json(self) -> Message:
        """Return the data as plain JSON."""
        return {"kind": self.kind, "name": self.name}

    def load(self, data_store: DataStore) -> Dataset:
        """Load the data."""
        return load(self.name)


@dataclass(frozen=True)
class GivenData:
    """Data from Python, by the hash of its content."""

    kind: ClassVar[str] = "given"
    hash: str

    @classmethod
    def from_json(cls, plain: Plain) -> GivenData:
        """Return the data that `to_json` described."""
        _refuse_others(plain, "hash")
        return cls(_text(plain, "hash"))

    def to_json(self) -> Message:
        """Return the data as plain JSON."""
        return {"kind": self.kind, "hash": self.hash}

    def load(self, data_store: DataStore) -> Dataset:
        """Return the data from the store."""
        return data_store.find(self.hash)


@dataclass(frozen=True)
class UploadedData:
    """Uploaded table with its target column and feature columns.

    Attributes
    ----------
    hash : str
        Hash of the file's bytes.
    target : str
    columns : tuple of str or None
        Feature columns; None uses all columns that have any value.
    task : {'classification', 'regression'} or None
        None chooses by the target's values.
    """

    kind: ClassVar[str] = "upload"
    hash: str
    target: str
    columns: tuple[str, ...] | None = None
    task: Task | None = None

    @classmethod
    def from_json(cls, plain: Plain) -> UploadedData:
        """Return the data that `to_json` described."""
        _refuse_others(plain, "hash", "target", "columns", "task")
        return cls(
            _text(plain, "hash"),
            _text(plain, "target"),
            _columns(plain.get("columns")),
            _task(plain.get("task")),
        )

    def to_json(self) -> Message:
        """Return the data as plain JSON."""
        columns = None if self.columns is None else list(self.columns)
        plain = {"hash": self.hash, "target": self.target, "columns": columns, "task": self.task}
        return {"kind": self.kind, **plain}

    def load(self, data_store: DataStore) -> Dataset:
        """Return the data as a data set whose X is a data frame, to be encoded later."""
        # Imported here because pandas takes half a second and is only installed for tables.
        from lamina.tables.problem import define_problem

        table = data_store.find_table(self.hash)
        columns = self.columns_of(table)
        try:
            posed = define_problem(table.frame[[*columns, self.target]], self.target, self.task)
        except TableError as error:
            # The page's names of options are those of the command line without the dashes.
            raise ExperimentError(str(error).replace("--", ""), "target") from None
        y: AnyArray = posed.target
        labels: tuple[str, ...] = ()
        if posed.task == "classification":
            found, y = np.unique(y, return_inverse=True)
            labels = tuple(map(str, found.tolist()))
            if len(found) > MOST_CLASSES:
                raise ExperimentError(
                    f"the target {self.target!r} has {len(found):,} classes, but the workbench "
                    f"shows at most {MOST_CLASSES}: choose another target, or task='regression'",
                    "target",
                )
        return Dataset(
            name=table.name,
            X=posed.features,
            y=y.astype(np.int64 if labels else np.float64),
            feature_names=tuple(map(str, posed.features.columns)),
            target_names=labels,
            task=posed.task,
            target=self.target,
        )

    def columns_of(self, table: UploadedTable) -> list[str]:
        """Return the feature columns; raise ExperimentError for one that does not exist."""
        there = list(table.frame.columns)
        for name in (self.target, *(self.columns or ())):
            if name not in there:
                raise ExperimentError(
                    f"the table has no column {name!r}.{suggestion(name, there)}",
                    "target" if name == self.target else "columns",
                )
        if self.columns is None:
            names = [name for name in there if table.frame[name].notna().any()]
        else:
            names = [name for name in there if name in self.columns]
        return [name for name in names if name != self.target]


Source: TypeAlias = MadeData | KnownData | DrawnData | GivenData | UploadedData
_KINDS: tuple[type[Source], ...] = (MadeData, KnownData, DrawnData, GivenData, UploadedData)
SOURCES: Mapping[str, type[Source]] = {kind.kind: kind for kind in _KINDS}


def source_from_json(plain: object) -> Source:
    """Return the source that an experiment's `data` describes.

    Raises
    ------
    ExperimentError
        If it is not the `to_json()` of any source.

    Examples
    --------
    >>> source_from_json({"kind": "made", "name": "moons"}).to_json()
    {'kind': 'made', 'name': 'moons', 'n_samples': 500, 'noise': 0.2, 'seed': 0}
    """
    fields = plain if isinstance(plain, Mapping) else {}
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in SOURCES:
        raise ExperimentError(f"data.kind={kind!r} must be one of {', '.join(SOURCES)}", "kind")
    return SOURCES[kind].from_json(fields)


def _columns(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = value if isinstance(value, list) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise ExperimentError(f"data.columns={value!r} must be a list of names", "columns")
    return tuple(names)


def _task(value: object) -> Task | None:
    if value is None:
        return None
    for task in TASKS:
        if value == task:
            return task
    raise ExperimentError(f"data.task={value!r} must be one of {', '.join(TASKS)}", "task")


def _text(plain: Plain, name: str) -> str:
    value = plain.get(name)
    if not isinstance(value, str):
        raise ExperimentError(f"data.{name}={value!r} must be a text", name)
    return value


def _refuse_others(plain: Plain, *allowed: str) -> None:
    for name in plain:
        if name not in ("kind", *allowed):
            raise ExperimentError(
                f"data of kind {plain['kind']!r} has no part {name!r}.{suggestion(name, allowed)}",
                name,
            )
