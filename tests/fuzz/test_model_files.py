"""Mutants of model files and checkpoints raise the documented exceptions, and nothing else.

A failure names the seed; repeat it with LAMINA_FUZZ_SEED=<seed> LAMINA_FUZZ_MUTANTS=1.
"""

from pathlib import Path

import pytest
from tests.fuzz.budget import first_seed, n_mutants
from tests.fuzz.running import failures
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_mutated_file_is_refused_or_used(name: str, tmp_path: Path) -> None:
    first = first_seed()
    seeds = range(first, first + n_mutants(500))
    for failure in failures(TARGETS[name](tmp_path), seeds, tmp_path):
        raise AssertionError(f"mutant {failure.seed} of {name}") from failure.error
