"""The record of all measurements as JSON; results of slow peers are reused."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.machine import describe_machine
from benchmarks.tables.measuring import Measurement

PATH = Path(__file__).parents[1] / "results" / "tables.json"


@dataclass
class Record:
    """Measurements by model and table, with the machine and version of each model's last run.

    Attributes
    ----------
    models : dict of str to dict
        Package, version, settings, date and machine of each model.
    measurements : dict of (str, str, int) to Measurement
        By model, table and number of training rows.
    tasks : dict of str to str
        'binary', 'multiclass' or 'regression' by table, in the order of tables.json.
    """

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    measurements: dict[tuple[str, str, int], Measurement] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Read the record; return an empty one if there is no file."""
        if not path.is_file():
            return cls()
        plain = json.loads(path.read_text(encoding="utf-8"))
        measured = (Measurement(**each) for each in plain["measurements"])
        return cls(plain["models"], {_key(each): each for each in measured}, plain["tasks"])

    def save(self, path: Path = PATH) -> None:
        """Write the record, sorted, so that changes make small diffs."""
        plain = {
            "tasks": self.tasks,
            "models": dict(sorted(self.models.items())),
            "measurements": [asdict(self.measurements[key]) for key in sorted(self.measurements)],
        }
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def add(self, measurement: Measurement, versions: dict[str, Any], date: str) -> None:
        """Put a measurement in the place of an older one of the same model, table and rows."""
        self.measurements[_key(measurement)] = measurement
        self.models[measurement.model] = {**versions, "date": date, "machine": describe_machine()}

    def find(self, model: str, table: str, n_training_rows: int) -> Measurement | None:
        """Return the measurement of a model on a table, or None."""
        return self.measurements.get((model, table, n_training_rows))


def _key(measurement: Measurement) -> tuple[str, str, int]:
    return measurement.model, measurement.table, measurement.n_training_rows
