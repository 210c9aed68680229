"""`python -m benchmarks.workbench`: the workbench's figures, each with its goal.

A run is timed in alternation alone, with a page that draws nothing, and with headless Chromium.
The fastest repetition counts, because other processes only slow it down. Latencies are the median
and the 95th percentile of a hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.workbench.cases import CASES, begin_again, epochs_a_second, looked_at
from benchmarks.workbench.start import starts

BLIND, DRAWN = "benchmarks.workbench.page", "benchmarks.workbench.chromium"
INPUTS = ("activation", "rate", "pause", "place")


class Turn(NamedTuple):
    """The speed of a run with a page, in units per second."""

    epochs: float
    frames: float


@dataclass
class Looks:
    """A run in alternation alone and with a page."""

    alone: list[float] = field(default_factory=list)
    watched: list[Turn] = field(default_factory=list)

    @property
    def best(self) -> Turn:
        """The repetition in which the run with a page was fastest."""
        return max(self.watched)

    @property
    def cost(self) -> float:
        """The fraction of the speed that the page costs."""
        return 1 - self.best.epochs / max(self.alone)


def turns(case: dict[str, Any], program: str, n_turns: int, seconds: float) -> Looks:
    """Run at full speed, alternately alone and with a page."""
    looks = Looks()
    with looked_at(case, program) as (session, page):
        for _ in range(n_turns):
            page.ask("rest")
            begin_again(session)
            looks.alone.append(epochs_a_second(session, seconds))
            page.ask("watch")
            before = page.ask("count")
            epochs = epochs_a_second(session, seconds)
            looks.watched.append(Turn(epochs, (page.ask("count") - before) / seconds))
    return looks


class Sight(NamedTuple):
    """Frames and latencies of the page during a run at full speed."""

    tasks: dict[str, float]
    delays: dict[str, list[float]]


def sight(case: dict[str, Any], seconds: float, times: int) -> Sight:
    """Measure the tasks of the page's thread and the latency of inputs."""
    with looked_at(case, DRAWN) as (session, page):
        begin_again(session)
        tasks = page.ask("trace", seconds=seconds)
        delays = {}
        for name in INPUTS:
            begin_again(session)
            delays[name] = page.ask("delays", topic=name, times=times)
    return Sight(tasks, delays)


def main(
    seconds: Annotated[float, typer.Option(help="How long each turn takes.")] = 1.0,
    n_turns: Annotated[int, typer.Option("--turns", help="How many of each.")] = 8,
    times: Annotated[int, typer.Option(help="How often each input is made.")] = 25,
) -> None:
    """Print tables of the Playground's cases and of the start."""
    console = Console()
    for name, case in CASES.items():
        console.print(_speeds(name, case, n_turns, seconds))
        console.print(_sights(sight(case, 5 * seconds, times)))
    console.print(_starts())


def _speeds(name: str, case: dict[str, Any], n_turns: int, seconds: float) -> Table:
    table = Table(
        "looked at by", "epochs a second, alone", "looked at", "cost", "frames", title=name
    )
    for who, program in (("a page that draws nothing", BLIND), ("Chromium", DRAWN)):
        looks = turns(case, program, n_turns, seconds)
        epochs, frames = looks.best
        alone = max(looks.alone)
        table.add_row(who, f"{alone:,.0f}", f"{epochs:,.0f}", f"{looks.cost:.0%}", f"{frames:.0f}")
    table.add_row("goal", "", "", "≤ 10%", "≥ 30", style="dim")
    return table


def _sights(seen: Sight) -> Table:
    tasks, n = seen.tasks, seen.tasks["frames"]
    table = Table("on the page", "median", "95th percentile", "goal")
    table.add_row("longest task, ms", "", f"{tasks['longest']:.0f}", "≤ 50")
    table.add_row("the same in the processor's time", "", f"{tasks['longest_busy']:.0f}", "")
    table.add_row("processor's time of a frame, ms", f"{tasks['busy'] / n:.1f}", "", "")
    everything = [delay for each in seen.delays.values() for delay in each]
    for name, found in (*seen.delays.items(), ("all of these", everything)):
        middle, most = np.percentile(found, [50, 95])
        table.add_row(f"{name}: until it is seen, ms", f"{middle:.0f}", f"{most:.0f}", "≤ 100")
    return table


def _starts() -> Table:
    table = Table("from the command until", "best, s", "median, s", "goal")
    found = starts(5)
    seen: list[tuple[str, Callable[[Any], float], str]] = [
        ("the page is painted", lambda start: start.painted, "≤ 2"),
        ("it is seen to learn", lambda start: start.learned, "≤ 10"),
    ]
    for name, seconds_of, goal in seen:
        seconds = [seconds_of(start) for start in found]
        table.add_row(name, f"{min(seconds):.2f}", f"{np.median(seconds):.2f}", goal)
    return table


if __name__ == "__main__":
    typer.run(main)
