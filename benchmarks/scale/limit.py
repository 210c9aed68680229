"""Run a command under a memory limit, and measure the peak of its anonymous memory.

The limit is that of a control group, where root can make one: RLIMIT_AS would count memory-mapped
files, which take no memory that the system cannot take back.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS_BETWEEN_SAMPLES = 0.02
# The file of the limit, in the folder of each version of control groups.
GROUPS = {
    Path("/sys/fs/cgroup/memory"): "memory.limit_in_bytes",
    Path("/sys/fs/cgroup"): "memory.max",
}


@dataclass(frozen=True)
class LimitedRun:
    """Result of a command.

    Attributes
    ----------
    output : str
    returncode : int
    peak : int
        Peak of its anonymous memory in bytes, sampled.
    is_limited : bool
        False if no control group could be made.
    """

    output: str
    returncode: int
    peak: int
    is_limited: bool


def run_limited(command: Sequence[str], n_bytes: int) -> LimitedRun:
    """Run a command in a control group of its own."""
    with memory_group(n_bytes) as group:

        def enter() -> None:
            if group is not None:
                (group / "cgroup.procs").write_text(str(os.getpid()))

        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=enter)
        peak = 0
        while process.poll() is None:
            peak = max(peak, anonymous_memory(process.pid))
            time.sleep(SECONDS_BETWEEN_SAMPLES)
        output, _ = process.communicate()
    return LimitedRun(output, process.returncode, peak, group is not None)


@contextmanager
def memory_group(n_bytes: int) -> Iterator[Path | None]:
    """Make a control group with a memory limit; yield None where that is not allowed."""
    group = None
    for root, name in GROUPS.items():
        folder = root / f"lamina-scale-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / name).write_text(str(n_bytes))
        except OSError:
            folder.rmdir()
            continue
        group = folder
        break
    try:
        yield group
    finally:
        if group is not None:
            group.rmdir()


def anonymous_memory(pid: int) -> int:
    """Return the anonymous memory of a process in bytes; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^RssAnon:\s+(\d+) kB", status, flags=re.MULTILINE)
    return 0 if found is None else 1024 * int(found[1])
