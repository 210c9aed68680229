"""Where an experiment's data comes from: made, known by name, drawn by hand, or brought along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np

from lamina.datasets import Dataset, load
from lamina.datasets.bundled import BUNDLED
from lamina.datasets.dataset import Task
from lamina.datasets.files import CALIFORNIA_FILE, data_file
from lamina.errors import ExperimentError, TableError, suggestion
from lamina.workbench.drawn import DrawnData
from lamina.workbench.makers import MAKERS
from lamina.workbench.uploads import Table

CALIFORNIA = "california_housing"
MOST_CLASSES = 100
TASKS = ("classification", "regression")
Plain: TypeAlias = Mapping[str, Any]


class Shelf(Protocol):
    """Where data that was brought along is found again."""

    def find(self, key: str) -> Dataset:
        """The data of that hash; raises ExperimentError where it is not there."""
        ...

    def find_table(self, key: str) -> Table:
        """The table of that hash; likewise."""
        ...


def known_data() -> tuple[str, ...]:
    """The data sets that can be had without a network: what scikit-learn carries, and files."""
    names = tuple(record.name for record in BUNDLED)
    # Without its file, this one would be fetched from somewhere.
    return names if data_file(CALIFORNIA_FILE) is None else (*names, CALIFORNIA)


@dataclass(frozen=True)
class MadeData:
    """Data of a maker: its name and all its options."""

    kind: ClassVar[str] = "made"
    name: str
    settings: Plain

    @classmethod
    def from_json(cls, plain: Plain) -> MadeData:
        """What `to_json` gave; options that are left out have their defaults."""
        name = _text(plain, "name")
        if name not in MAKERS:
            raise ExperimentError(
                f"{name!r} is no data that is made here.{suggestion(name, MAKERS)} "
                f"There are: {', '.join(MAKERS)}.",
                "name",
            )
        given = {key: value for key, value in plain.items() if key not in ("kind", "name")}
        return cls(name, MAKERS[name].settings(given))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"kind": self.kind, "name": self.name, **self.settings}

    def load(self, shelf: Shelf) -> Dataset:
        """The data."""
        return MAKERS[self.name].draw(self.settings)


@dataclass(frozen=True)
class KnownData:
    """Real data by its name in `lamina.datasets`."""

    kind: ClassVar[str] = "known"
    name: str

    @classmethod
    def from_json(cls, plain: Plain) -> KnownData:
        """What `to_json` gave."""
        name, names = _text(plain, "name"), known_data()
        if name not in names:
            raise ExperimentError(
                f"{name!r} is no data that is known here.{suggestion(name, names)} "
                f"There are: {', '.join(names)}.",
                "name",
            )
        _refuse_others(plain, "name")
        return cls(name)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"kind": self.kind, "name": self.name}

    def load(self, shelf: Shelf) -> Dataset:
        """The data."""
        return load(self.name)


@dataclass(frozen=True)
class GivenData:
    """Data that was brought along, by the hash of its content."""

    kind: ClassVar[str] = "given"
    hash: str

    @classmethod
    def from_json(cls, plain: Plain) -> GivenData:
        """What `to_json` gave."""
        _refuse_others(plain, "hash")
        return cls(_text(plain, "hash"))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"kind": self.kind, "hash": self.hash}

    def load(self, shelf: Shelf) -> Dataset:
        """The data, from the shelf."""
        return shelf.find(self.hash)


@dataclass(frozen=True)
class UploadedData:
    """A column of a table that a page has sent, told from other columns.

    Attributes
    ----------
    hash : str
        Of the file's bytes.
    target : str
    columns : tuple of str or None
        The columns to learn from; None is all that have a value.
    task : {'classification', 'regression'} or None
        None goes by the target's values.
    """

    kind: ClassVar[str] = "upload"
    hash: str
    target: str
    columns: tuple[str, ...] | None = None
    task: Task | None = None

    @classmethod
    def from_json(cls, plain: Plain) -> UploadedData:
        """What `to_json` gave."""
        _refuse_others(plain, "hash", "target", "columns", "task")
        columns, task = plain.get("columns"), plain.get("task")
        is_list = isinstance(columns, list) and all(isinstance(name, str) for name in columns)
        if columns is not None and not (is_list and columns):
            raise ExperimentError(f"data.columns={columns!r} must be a list of names", "columns")
        if task not in (None, *TASKS):
            raise ExperimentError(f"data.task={task!r} is none of {', '.join(TASKS)}", "task")
        return cls(
            _text(plain, "hash"),
            _text(plain, "target"),
            None if columns is None else tuple(columns),
            task,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        columns = None if self.columns is None else list(self.columns)
        told = {"hash": self.hash, "target": self.target, "columns": columns, "task": self.task}
        return {"kind": self.kind, **told}

    def load(self, shelf: Shelf) -> Dataset:
        """The data, its X a data frame that is still to be encoded."""
        # pandas takes half a second, and is there only where tables are.
        from lamina.tables.problem import pose

        table = shelf.find_table(self.hash)
        columns = self.columns_of(table)
        try:
            posed = pose(table.frame[[*columns, self.target]], self.target, self.task)
        except TableError as error:
            # The command line's words for what is to be chosen are the page's without the dashes.
            raise ExperimentError(str(error).replace("--", ""), "target") from None
        y: Any = posed.target
        labels: tuple[str, ...] = ()
        if posed.task == "classification":
            found, y = np.unique(y, return_inverse=True)
            labels = tuple(map(str, found.tolist()))
            if len(found) > MOST_CLASSES:
                raise ExperimentError(
                    f"the target {self.target!r} has {len(found):,} classes, and the workbench "
                    f"shows {MOST_CLASSES}: choose another, or task='regression'",
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

    def columns_of(self, table: Table) -> list[str]:
        """The columns to learn from; raises ExperimentError for one that is not there."""
        there = list(table.frame.columns)
        for name in (self.target, *(self.columns or ())):
            if name not in there:
                raise ExperimentError(
                    f"the table has no column {name!r}.{suggestion(name, there)}",
                    "target" if name == self.target else "columns",
                )
        if self.columns is None:
            wanted = [name for name in there if table.frame[name].notna().any()]
        else:
            wanted = [name for name in there if name in self.columns]
        return [name for name in wanted if name != self.target]


Source: TypeAlias = MadeData | KnownData | DrawnData | GivenData | UploadedData
SOURCES: dict[str, Any] = {
    source.kind: source for source in (MadeData, KnownData, DrawnData, GivenData, UploadedData)
}


def source_from_json(plain: Any) -> Source:
    """An experiment's `data`.

    Raises
    ------
    ExperimentError
        For anything that no source's `to_json` gives.

    Examples
    --------
    >>> source_from_json({"kind": "made", "name": "moons"}).to_json()
    {'kind': 'made', 'name': 'moons', 'n_samples': 500, 'noise': 0.2, 'seed': 0}
    """
    kind = plain.get("kind") if isinstance(plain, Mapping) else None
    if not isinstance(kind, str) or kind not in SOURCES:
        raise ExperimentError(f"data.kind={kind!r} is none of {', '.join(SOURCES)}", "kind")
    source: Source = SOURCES[kind].from_json(plain)
    return source


def _text(plain: Plain, name: str) -> str:
    value = plain.get(name)
    if not isinstance(value, str):
        raise ExperimentError(f"data.{name}={value!r} must be a text", name)
    return value


def _refuse_others(plain: Plain, *known: str) -> None:
    for name in plain:
        if name not in ("kind", *known):
            raise ExperimentError(
                f"data of kind {plain['kind']!r} has no {name!r}.{suggestion(name, known)}", name
            )
