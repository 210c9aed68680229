"""Where the package is built: an install leaves the source tree as it was."""

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
