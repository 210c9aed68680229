"""The options of `lamina train` as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from lamina.datasets.dataset import Task
from lamina.tables.contents import STANDARD_INPUT
from lamina.tables.options import DEFAULTS, ReadingOptions

MODEL_ENDING = ".lamina"

ModelKind: TypeAlias = Literal["tabular", "mlp"]


@dataclass(frozen=True)
class TrainingRequest:
    """Options of one command; `lamina train --help` explains each."""

    data: Path | None
    targets: tuple[str, ...]
    dataset: str | None
    drop: tuple[str, ...]
    task: Task | None
    settings: tuple[str, ...]
    test_size: float
    seed: int
    output: Path | None
    plot: Path | None
    resume: Path | None
    overwrite: bool
    save_anyway: bool
    quiet: bool
    reading: ReadingOptions = DEFAULTS
    ids: tuple[str, ...] = ()
    model: ModelKind | None = None
    quality: str | None = None
    time_limit: float | None = None
    scoring: str | None = None
    device: str | None = None
    group: str | None = None
    time: str | None = None
    refit: bool = False
    json: bool = False
    spool: Path | None = None
    in_memory: bool = False

    @property
    def source(self) -> str:
        """Name of the data set or of the file, without its folder."""
        name = self.data.name if self.data else ""
        if self.data is not None and set("*?[") & set(name):
            # A pattern is named by its folder.
            name = self.data.resolve().parent.name
        return self.dataset or ("stdin" if name == STANDARD_INPUT else name)

    @property
    def model_file(self) -> Path:
        """Path of the model's file."""
        return self.output or Path(self.source.split(".")[0] + MODEL_ENDING)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Paths of the files that the command writes."""
        return (self.model_file,) if self.plot is None else (self.model_file, self.plot)

    @property
    def by(self) -> dict[str, str | None]:
        """Columns of --group and --time, by the options' names."""
        return {"group": self.group, "time": self.time}
