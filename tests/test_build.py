"""The build and the extras are those that `pyproject.toml` declares."""

import re
import tomllib
from pathlib import Path

import pytest

settings = pytest.importorskip("scikit_build_core.settings.skbuild_read_settings")

pytestmark = pytest.mark.repository

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize(
    ("state", "folder"),
    [("wheel", ""), ("sdist", ""), ("editable", "build/{wheel_tag}")],
)
def test_only_an_editable_install_builds_inside_the_source_tree(state, folder):
    read = settings.SettingsReader.from_file(PYPROJECT, state=state)
    assert read.settings.build_dir == folder


def test_the_extra_all_has_every_extra_but_those_with_torch():
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    (requirement,) = extras.pop("all")
    named = re.fullmatch(r"lamina\[(.*)\]", requirement).group(1).split(",")
    with_torch = {name for name, packages in extras.items() if any("torch" in p for p in packages)}
    assert set(named) == set(extras) - with_torch
