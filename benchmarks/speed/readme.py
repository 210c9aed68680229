"""`python -m benchmarks.speed.readme`: make README's table from a record, the newest by default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.speed.record import Record, newest_record
from benchmarks.speed.report import claims, evidence, summary

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"(?<=<!-- bench -->\n).*?(?=<!-- /bench -->)", re.DOTALL)


def with_tables(readme: str, record: Record) -> str:
    """The README's text with the record's tables in their place.

    Raises
    ------
    ValueError
        Where the text has not exactly one place for them.
    """
    if len(_BLOCK.findall(readme)) != 1:
        raise ValueError("README must have one <!-- bench --> and <!-- /bench --> after it")
    return _BLOCK.sub(lambda _: _tables(record), readme)


def _tables(record: Record) -> str:
    shown = "\n".join(grid.as_markdown() for grid in claims(record) if grid.rows)
    folded = "\n".join(grid.as_markdown() for grid in evidence(record) if grid.rows)
    summed_up = "<details><summary>What was done, in which way, and to what loss</summary>"
    return f"{summary(record)}\n\n{shown}\n{summed_up}\n\n{folded}\n</details>\n"


def main(
    path: Annotated[Path | None, typer.Argument(help="A record; by default the newest.")] = None,
) -> None:
    """Rewrite the block between the bench markers of README.md."""
    record = Record.load(path or newest_record())
    readme = README.read_text(encoding="utf-8")
    README.write_text(with_tables(readme, record), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
