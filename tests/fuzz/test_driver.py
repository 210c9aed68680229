"""The driver of `make fuzz` counts mutants, keeps those that fail, and survives a crash."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz import driver
from tests.fuzz.driver import run

# A worker whose mutants raise at seed 12, end the process at 14 and hang at 16.
WORKER = """
import json, os, sys, time
from pathlib import Path
first, stop, folder = int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
(folder / "ready").touch()
for seed in range(first, stop):
    (folder / "seed").write_text(str(seed))
    (folder / "mutant").write_text(f"content {seed}")
    if seed == 12:
        (folder / "failed-12").write_text("content 12")
        (folder / "failures").write_text(json.dumps({"seed": 12, "text": "KeyError: 'x'"}) + "\\n")
    print("an epoch of a mutant with verbose=True", flush=True)
    if seed == 14:
        sys.stderr.write("heap-buffer-overflow")
        sys.stderr.flush()
        os.abort()
    if seed == 16:
        time.sleep(600)
"""


def test_failures_crashes_and_hangs_are_kept_and_the_rest_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SECONDS_WITHOUT_PROGRESS", 2)
    report = run("files", range(10, 20), tmp_path, 2, command=(sys.executable, "-c", WORKER))
    assert report.is_whole
    assert report.n_done == 10
    assert sorted(report.failures) == [12, 14, 16]
    assert report.line == "files: 10 mutants, 3 failed (seeds 12, 14, 16)"
    reasons = {12: "KeyError: 'x'", 14: "heap-buffer-overflow", 16: "no end after 2 s"}
    for seed, reason in reasons.items():
        assert (tmp_path / f"files-{seed}").read_text() == f"content {seed}"
        text = (tmp_path / f"files-{seed}.txt").read_text()
        assert text.startswith(f"make fuzz FUZZ_TARGET=files FUZZ_SEED={seed} FUZZ_MUTANTS=1\n")
        assert reason in text


def test_a_worker_that_cannot_start_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no worker can be started"):
        run("files", range(3), tmp_path, command=(sys.executable, "-c", "1 / 0"))


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT, as a terminal does")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_run_with_a_line_that_counts(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--ordinary-core", "--target", "checkpoints"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=driver.ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("fuzz: seeds ")
        assert process.stdout.readline().startswith("checkpoints: ")
        process.send_signal(number)
        rest = process.stdout.read()
    last = rest.splitlines()[-1]
    assert re.fullmatch(
        r"fuzz: checkpoints: \d+ mutants, \d+ failed.*, then it was interrupted", last
    )
    assert process.returncode in (1, 130)
