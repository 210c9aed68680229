"""No two modules name each other, directly or through others, not even for types."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.repository

PACKAGE = Path(__file__).parents[1] / "src" / "lamina"


def modules_in(package: Path) -> dict[str, Path]:
    """Return the path of every module of a package by its dotted name."""
    files = {
        path: path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py")
    }
    return {".".join(name.parts).removesuffix(".__init__"): path for path, name in files.items()}


def named_in(path: Path, modules: dict[str, Path]) -> Iterator[str]:
    """Yield the modules that a file imports anywhere: at its top, in functions, for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            whole = [f"{node.module}.{each.name}" for each in node.names]
            yield from (name if name in modules else node.module for name in whole)


def circle_in(package: Path) -> list[str]:
    """Return the modules of a circle, the first of them again at the end; empty without one.

    The package itself counts for nothing: it holds the version and the extension, and names every
    layer, which it imports on first use.
    """
    modules = modules_in(package)
    graph = {
        name: set(named_in(path, modules)) - {name, package.name}
        for name, path in modules.items()
        if name != package.name
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_form_a_circle() -> None:
    assert circle_in(PACKAGE) == []


@pytest.mark.parametrize(
    "back",
    [
        "from toy.a import f",
        "import toy.a",
        "def g():\n    from toy.a import f",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from toy import a",
    ],
)
def test_a_circle_is_found(tmp_path: Path, back: str) -> None:
    package = tmp_path / "toy"
    package.mkdir()
    texts = {"__init__": "", "a": "from toy.b import g", "b": "from toy.c import h", "c": back}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    assert set(circle_in(package)) == {"toy.a", "toy.b", "toy.c"}
    (package / "c.py").write_text("")
    assert circle_in(package) == []
