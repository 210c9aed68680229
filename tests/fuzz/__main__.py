"""`make fuzz`: mutants of files with the core under a sanitizer, then the other fuzzers."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys

from tests.fuzz.driver import ROOT, Report, run
from tests.fuzz.sanitizing import build_core, environment
from tests.fuzz.targets import TARGETS

KEPT = ROOT / "build" / "fuzz" / "mutants"
# Each of them is a separate test, with slower mutants.
OTHERS = ["tests/fuzz", "tests/estimators/test_combinations.py"]
OTHERS += ["--ignore=tests/fuzz/test_model_files.py", "--ignore=tests/fuzz/test_driver.py"]
MUTANTS_FOR_ONE_OF_OTHERS = 10


def main() -> int:
    """Run what the command line requests; return the exit code."""
    args = parsed()
    # Also for `kill` and for a shell that started it in the background, so that no worker remains.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    first = random.SystemRandom().randrange(2**40) if args.seed == "random" else int(args.seed)
    core = None if args.ordinary_core else build_core(ROOT / "build" / "fuzz")
    env = {} if core is None else environment(core)
    seeds = range(first, first + args.mutants)
    print(
        f"fuzz: seeds {seeds.start} to {seeds.stop - 1}; failing mutants go to {KEPT}", flush=True
    )
    reports = []
    for name in TARGETS:
        if args.target in ("all", name) and all(report.is_whole for report in reports):
            reports.append(run(name, seeds, KEPT, args.processes, env=env))
    others = ""
    if args.target in ("all", "others") and all(report.is_whole for report in reports):
        others = run_others(args.mutants, first, env)
    return summary(reports, others)


def parsed() -> argparse.Namespace:
    """Parse the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000, help="of each kind of file")
    parser.add_argument("--seed", default="random", help="of the first mutant, or 'random'")
    parser.add_argument("--target", default="all", choices=["all", *TARGETS, "others"])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--ordinary-core", action="store_true", help="without a sanitizer")
    return parser.parse_args()


def run_others(n_mutants: int, seed: int, env: dict[str, str]) -> str:
    """Run the fuzzers of tables, links and combinations by pytest; return the outcome."""
    n = max(1, n_mutants // MUTANTS_FOR_ONE_OF_OTHERS)
    chosen = {"LAMINA_FUZZ_MUTANTS": str(n), "LAMINA_FUZZ_SEED": str(seed)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.fuzz.sanitized_core", *OTHERS]
    print(f"tables, links and combinations: {n} of each, LAMINA_FUZZ_SEED={seed}", flush=True)
    try:
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **env, **chosen}).returncode
    except KeyboardInterrupt:
        return "interrupted"
    return "passed" if code == 0 else f"failed (pytest's exit code {code})"


def summary(reports: list[Report], others: str) -> int:
    """Print what ran and what failed; return the exit code."""
    parts = [report.line for report in reports]
    if others:
        parts.append(f"tables, links and combinations: {others}")
    print("fuzz: " + "; ".join(parts))
    if any(report.failures for report in reports) or others.startswith("failed"):
        return 1
    is_whole = all(report.is_whole for report in reports) and others != "interrupted"
    return 0 if is_whole else 130


if __name__ == "__main__":
    sys.exit(main())
