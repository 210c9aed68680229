"""Run the gallery's examples with warnings as errors.

`make docs` runs them for their pages; `python -m docs.building.examples` runs all without pages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def warnings_are_errors(gallery_conf: dict[str, object], path: str, when: str) -> None:
    """Make warnings errors during an example; sphinx-gallery calls this before and after each."""
    if when == "before":
        warnings.simplefilter("error")
    else:
        warnings.resetwarnings()


def run_all() -> list[str]:
    """Run each example in its own folder and process; return the names of those that fail."""
    failed = []
    for example in sorted(EXAMPLES.glob("plot_*.py")):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-W", "error", str(example)]
            environment = {**os.environ, "MPLBACKEND": "agg"}
            print(example.name, flush=True)
            if subprocess.run(command, cwd=folder, env=environment, check=False).returncode:
                failed.append(example.name)
    return failed


if __name__ == "__main__":
    if failures := run_all():
        sys.exit(f"these examples fail: {', '.join(failures)}")
