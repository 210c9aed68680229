"""The record of a run: its figures and the machine, as JSON in results/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from benchmarks.machine import describe_machine
from benchmarks.speed.bfloat16 import Accuracy
from benchmarks.speed.memory import Footprint
from benchmarks.speed.result import Result

RESULTS = Path(__file__).parents[1] / "results"


@dataclass
class Record:
    """The figures of one run, the machine, and the fraction of it that other processes took."""

    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    machine: dict[str, Any] = field(default_factory=describe_machine)
    results: list[Result] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)
    accuracies: list[Accuracy] = field(default_factory=list)
    others_fraction: float | None = None

    def add(self, measured: Result | Footprint | Accuracy) -> None:
        """Add a figure to the list of its kind."""
        match measured:
            case Result():
                self.results.append(measured)
            case Footprint():
                self.footprints.append(measured)
            case Accuracy():
                self.accuracies.append(measured)

    def save(self, folder: Path = RESULTS) -> Path:
        """Write the record; its file name has the date and the processor."""
        processor = re.sub(r"[^a-z0-9]+", "-", self.machine["processor"].lower()).strip("-")
        path = folder / f"{self.date}-{processor}.json"
        folder.mkdir(exist_ok=True)
        plain = {
            "date": self.date,
            "machine": self.machine,
            "others_fraction": self.others_fraction,
            "results": _plain(self.results),
            "footprints": _plain(self.footprints),
            "accuracies": _plain(self.accuracies),
        }
        text = json.dumps(plain, indent=1, ensure_ascii=False)
        path.write_text(_numbers_on_one_line(text) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a record."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            plain["date"],
            plain["machine"],
            [Result.from_plain(result) for result in plain["results"]],
            [Footprint(**footprint) for footprint in plain["footprints"]],
            [Accuracy(**accuracy) for accuracy in plain["accuracies"]],
            plain["others_fraction"],
        )


def newest_record(folder: Path = RESULTS) -> Path:
    """Return the path of the latest record."""
    paths = sorted(folder.glob("[0-9]*.json"))
    if not paths:
        raise FileNotFoundError(f"{folder} has no record; `python -m benchmarks.speed --record`")
    return paths[-1]


def _plain(measured: Iterable[Result | Footprint | Accuracy]) -> list[dict[str, Any]]:
    return [one.plain() for one in measured]


def _numbers_on_one_line(text: str) -> str:
    """Return the JSON text with each list of numbers on one line."""
    return re.sub(r"\[[-\d.,eE\s]+\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)
