"""The README is short, its Python blocks print what it says, and its commands succeed."""

import re
import shlex
from pathlib import Path

import pytest
from docs.building.blocks import run
from docs.building.last_bits import nudged
from sklearn.datasets import load_iris

from lamina import MLPClassifier
from lamina.cli import main

pytestmark = pytest.mark.repository

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


START = (Path(__file__).parents[1] / "docs" / "start.md").read_text(encoding="utf-8")


def blocks(language, page=README):
    return re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_python_blocks_run_in_order_and_print_the_stated_output():
    assert len(blocks("python")) >= 2
    assert run("README.md", README) == []


def test_the_output_does_not_depend_on_the_last_bits_of_initial_weights():
    with nudged(1):
        assert run("README.md", README) == []


def test_the_commands_of_readme_and_start_run_in_order_in_an_empty_folder():
    commands = [
        line
        for page in (README, START)
        for block in blocks("sh", page)
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith("lamina ")
    ]
    assert len(commands) >= 6
    for command in commands:
        assert main(shlex.split(command, comments=True)[1:]) == 0, command


def test_the_python_blocks_of_readme_and_start_run_twice_in_one_folder():
    saving = [block for page in (README, START) for block in blocks("python", page)]
    saving = [block for block in saving if "lamina.save(" in block]
    assert len(saving) == 2
    model = MLPClassifier((3,), tol=10.0, random_state=0).fit(*load_iris(return_X_y=True))
    for block in saving * 2:
        exec(block, {"model": model, "better": model, "X_test": load_iris().data})


def test_every_linked_file_exists():
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", README)
    links = [link or source for link, source in links]
    missing = [link for link in links if not (Path(__file__).parents[1] / link).exists()]
    assert links
    assert missing == []


def test_it_has_at_most_120_lines_and_trains_within_the_first_screen():
    lines = README.splitlines()
    assert len(lines) <= 120
    assert any(".fit(" in line for line in lines[:40])


def test_its_first_command_needs_no_file():
    (first, *_) = (line for block in blocks("sh") for line in block.splitlines())
    assert main(shlex.split(first, comments=True)[1:]) == 0
    assert [path.suffix for path in Path.cwd().iterdir()] == [".csv"]
