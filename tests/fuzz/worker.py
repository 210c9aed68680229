"""One process of `make fuzz`: mutants of a target, with every failure as a line of JSON.

A mutant may crash the process. Its folder then holds the mutant and the seed.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import traceback
import warnings
from pathlib import Path

from tests.fuzz import sanitized_core  # noqa: F401  (before lamina is imported)
from tests.fuzz.running import failures
from tests.fuzz.targets import TARGETS


def main(name: str, first: int, stop: int, folder: Path) -> None:
    """Run the mutants of the seeds from `first` to `stop` - 1."""
    # Ctrl-C reaches every process of the terminal; the driver is the one that ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target = TARGETS[name](folder)
    (folder / "ready").touch()
    warnings.simplefilter("error")
    # Not onto stdout, where a mutant with verbose=True prints its epochs.
    with open(folder / "failures", "w") as report:
        for failure in failures(target, range(first, stop), folder):
            shutil.copy(folder / "mutant", folder / f"failed-{failure.seed}")
            text = "".join(traceback.format_exception(failure.error))
            print(json.dumps({"seed": failure.seed, "text": text}), file=report, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
