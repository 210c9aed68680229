"""Run many mutants in worker processes, which may crash: the mutant is kept, the others continue.

A worker's folder holds the current mutant and its seed, so progress and the cause of a crash are
read from there. A mutant that hangs is stopped after SECONDS_WITHOUT_PROGRESS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.fuzz.running import quick_folder

SECONDS_WITHOUT_PROGRESS = 120.0
ROOT = Path(__file__).parents[2]


@dataclass
class Report:
    """Results of the mutants of one target.

    Attributes
    ----------
    target : str
    n_done : int
    failures : dict of int to str
        Reason for the failure of each failed seed.
    is_whole : bool
        True if every mutant was made; False after Ctrl-C.
    minutes_shown : int
        Minute of the latest line of progress.
    """

    target: str
    n_done: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    is_whole: bool = False
    minutes_shown: int = -1

    @property
    def line(self) -> str:
        """Results in one line."""
        ended = "" if self.is_whole else ", then it was interrupted"
        seeds = f" (seeds {', '.join(map(str, sorted(self.failures)))})" if self.failures else ""
        return f"{self.target}: {self.n_done} mutants, {len(self.failures)} failed{seeds}{ended}"


class Worker:
    """Process for a part of a target's seeds, restarted after each seed that crashes it."""

    def __init__(
        self,
        command: Sequence[str],
        report: Report,
        seeds: range,
        kept: Path,
        env: Mapping[str, str],
    ) -> None:
        self.command, self.report, self.seeds, self.kept = [*command], report, seeds, kept
        self.env = {**os.environ, **env}
        self.folder = Path(tempfile.mkdtemp(prefix="lamina-fuzz-", dir=quick_folder(kept)))
        self.seed, self.moved_at = seeds.start, time.monotonic()
        self.is_done = not seeds
        if seeds:
            self._start(seeds.start)

    def _start(self, first: int) -> None:
        (self.folder / "seed").write_text(str(first))
        parts = [self.report.target, str(first), str(self.seeds.stop), str(self.folder)]
        (self.folder / "failures").write_bytes(b"")
        with open(self.folder / "err", "wb") as err:
            self.process = subprocess.Popen(
                [*self.command, *parts],
                stdout=subprocess.DEVNULL,
                stderr=err,
                cwd=ROOT,
                env=self.env,
            )
        self.moved_at, self._n_read = time.monotonic(), 0

    @property
    def n_done(self) -> int:
        """Number of mutants that were used."""
        return len(self.seeds) if self.is_done else self.seed - self.seeds.start

    def look(self) -> None:
        """Read the progress and failures; restart after the seed of a crash."""
        code = self.process.poll()
        text = (self.folder / "seed").read_text()
        is_ready = (self.folder / "ready").exists()
        if not is_ready or (text and int(text) != self.seed):
            # On a loaded machine a worker may take minutes to make its models.
            self.seed, self.moved_at = int(text or self.seed), time.monotonic()
        self._read_failures()
        if code == 0:
            self.is_done = True
        elif code is not None:
            self._go_on_after_crash(f"the process ended with {code}")
        elif time.monotonic() - self.moved_at > SECONDS_WITHOUT_PROGRESS:
            self.process.kill()
            self.process.wait()
            self._go_on_after_crash(f"no end after {SECONDS_WITHOUT_PROGRESS:.0f} s")

    def _read_failures(self) -> None:
        # A line may be read while it is written; only complete ones count.
        lines = (self.folder / "failures").read_bytes().split(b"\n")[:-1]
        for line in lines[self._n_read :]:
            failure = json.loads(line)
            self._keep(failure["seed"], failure["text"], f"failed-{failure['seed']}")
        self._n_read = len(lines)

    def _go_on_after_crash(self, reason: str) -> None:
        errors = (self.folder / "err").read_text(errors="replace")
        if not (self.folder / "ready").exists():
            raise SystemExit(f"fuzz: no worker can be started ({reason}):\n{errors}")
        self._keep(self.seed, f"{reason}\n{errors}", "mutant")
        if self.seed + 1 < self.seeds.stop:
            self.seed += 1
            self._start(self.seed)
        else:
            self.is_done = True

    def _keep(self, seed: int, text: str, mutant: str) -> None:
        """Keep a mutant, the reason for its failure, and the command that makes it again."""
        path = self.kept / f"{self.report.target}-{seed}"
        shutil.copy(self.folder / mutant, path)
        again = f"make fuzz FUZZ_TARGET={self.report.target} FUZZ_SEED={seed} FUZZ_MUTANTS=1"
        path.with_suffix(".txt").write_text(f"{again}\n\n{text}")
        self.report.failures[seed] = text
        print(f"\n{self.report.target}: seed {seed} failed, kept as {path}\n{text[-1500:]}")

    def end(self) -> None:
        """End the process, and remove its files."""
        if not self.is_done:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def run(
    target: str,
    seeds: range,
    kept: Path,
    n_processes: int = 1,
    command: Sequence[str] = (sys.executable, "-m", "tests.fuzz.worker"),
    env: Mapping[str, str] = MappingProxyType({}),
) -> Report:
    """Run the mutants of all seeds; Ctrl-C ends them, and the report tells how many are done.

    Parameters
    ----------
    target : str
        Key of TARGETS.
    seeds : range
    kept : path
        Folder for the mutants that fail.
    n_processes : int, default=1
    command : sequence of str, optional
        Command of a worker; target, first seed, last seed + 1 and folder are appended.
    env : mapping, optional
        Further environment variables of the workers.
    """
    kept.mkdir(parents=True, exist_ok=True)
    report, started = Report(target), time.monotonic()
    parts = [
        seeds[i * len(seeds) // n_processes : (i + 1) * len(seeds) // n_processes]
        for i in range(n_processes)
    ]
    workers = [Worker(command, report, part, kept, env) for part in parts]
    try:
        while not all(worker.is_done for worker in workers):
            time.sleep(0.5)
            for worker in workers:
                if not worker.is_done:
                    worker.look()
            report.n_done = sum(worker.n_done for worker in workers)
            show_progress(report, len(seeds), time.monotonic() - started)
        report.is_whole = True
    except KeyboardInterrupt:
        pass
    finally:
        for worker in workers:
            worker.end()
    return report


def show_progress(report: Report, n: int, seconds: float) -> None:
    """Show the progress: rewrite one line on a terminal, print one a minute elsewhere."""
    line = (
        f"{report.target}: {report.n_done} of {n} mutants, {report.n_done / seconds:.0f} a second, "
        f"{len(report.failures)} failed"
    )
    if sys.stdout.isatty():
        print(f"\r{line:78}", end="" if report.n_done < n else "\n", flush=True)
    elif report.n_done >= n or int(seconds / 60) > report.minutes_shown:
        report.minutes_shown = int(seconds / 60)
        print(line, flush=True)
