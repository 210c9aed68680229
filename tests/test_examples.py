"""The gallery's examples have the form of a page and are self-contained; the fastest are run.

All of them are run, with warnings as errors, where `make docs` builds the site.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

pytestmark = pytest.mark.repository

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
QUICK = ("plot_02_four_quadrants.py", "plot_07_iris.py", "plot_13_uncertainty.py")
# Functions that download; `lamina.datasets.load` does so only if no folder has the file.
FETCHERS = re.compile(r"\b(fetch_\w+|urlopen|urlretrieve|requests)\b")
SEEDS = re.compile(r"random_state=\w|\"random_state\": \w|default_rng\(\d|seed=\w")

each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)


def source(example):
    return example.read_text(encoding="utf-8")


def nodes(example, kind):
    return [node for node in ast.walk(ast.parse(source(example))) if isinstance(node, kind)]


def test_examples_are_numbered_in_the_order_of_their_pages():
    numbers = [re.match(r"plot_(\d\d)_\w+\.py$", path.name)[1] for path in EXAMPLES]
    assert numbers == [f"{i:02}" for i in range(1, len(EXAMPLES) + 1)]
    assert len(EXAMPLES) >= 15


@each
def test_an_example_has_a_title_text_and_cells(example):
    title, underline, *words = ast.get_docstring(ast.parse(source(example))).splitlines()
    assert set(underline) == {"="}
    assert len(underline) == len(title)
    assert len(" ".join(words).split()) > 20
    assert len(re.findall(r"^# %%$", source(example), flags=re.MULTILINE)) >= 3


@each
def test_an_example_asserts_its_figures(example):
    assert len(nodes(example, ast.Assert)) >= 3


@each
def test_an_example_imports_nothing_of_this_checkout_but_lamina(example):
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module).partition(".")[0]
        for node in nodes(example, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "lamina" in imported
    assert not imported & {"benchmarks", "docs", "examples", "tests"}
    assert all(node.level == 0 for node in nodes(example, ast.ImportFrom))


@each
def test_an_example_sets_its_seed_and_downloads_nothing(example):
    assert SEEDS.search(source(example))
    assert FETCHERS.search(source(example)) is None


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_example_runs_by_itself_without_a_warning(name, tmp_path):
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / name)]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert result.stderr == ""
