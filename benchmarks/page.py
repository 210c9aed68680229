"""`python -m benchmarks.page`: write the tables of README.md and docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.markdown import replace_blocks
from benchmarks.speed import page as speed
from benchmarks.speed.record import Record as SpeedRecord
from benchmarks.speed.record import newest_record
from benchmarks.tables import page as tables
from benchmarks.tables.record import Record as TablesRecord

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"


def blocks_by_page() -> Mapping[Path, Mapping[str, str]]:
    """Return each page's blocks by marker, from the newest speed record and the tables' record."""
    speed_record, tables_record = SpeedRecord.load(newest_record()), TablesRecord.load()
    return {
        README: {
            "speed": speed.summary_table(speed_record) + "\n" + speed.machine(speed_record),
            "tables": tables.comparisons(tables_record) + "\n" + tables.machine(tables_record),
        },
        BENCHMARKS: {
            "speed machine": speed.machine(speed_record),
            "speed": speed.times(speed_record),
            "threads": speed.threads(speed_record),
            "memory": speed.memory(speed_record),
            "bfloat16": speed.bfloat16(speed_record),
            "results": speed.results(speed_record),
            "tables machine": tables.machine(tables_record),
            "tables": tables.errors(tables_record),
            "comparisons": tables.comparisons(tables_record)
            + "\n"
            + tables.best_beside_balanced(tables_record),
            "validation": tables.validation(tables_record),
        },
    }


def main() -> None:
    """Rewrite every block of both pages."""
    for path, blocks in blocks_by_page().items():
        page = path.read_text(encoding="utf-8")
        path.write_text(replace_blocks(page, blocks), encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
