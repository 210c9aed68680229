"""docs/parameters.md and its pictures show every parameter and formula of the code."""

import re

import pytest

pytest.importorskip("matplotlib")

from docs.parameters import PAGE, parameters, tables, with_blocks
from docs.pictures import PICTURES
from PIL import Image

pytestmark = pytest.mark.repository

TEXT = PAGE.read_text(encoding="utf-8")
AGAIN = "run `make docs`"


def sections():
    """Return the text of each parameter's section by its name."""
    parts = re.split(r"^### `(\w+)`\n", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_parameter_has_a_section_and_every_section_a_parameter():
    lacking = set(parameters()) - set(sections())
    assert not lacking, f"write a section of docs/parameters.md for each of these, and {AGAIN}"
    assert set(sections()) == set(parameters())
    assert len(re.findall(r"^### ", TEXT, flags=re.MULTILINE)) == len(sections())


@pytest.mark.parametrize("name", sections())
def test_a_section_has_the_docstring_and_advice(name):
    text = sections()[name]
    assert f"<!-- parameter {name} -->" in text
    assert "**When.** " in text


def test_the_generated_blocks_are_current():
    assert with_blocks(TEXT) == TEXT, AGAIN


@pytest.mark.parametrize("kind", tables())
def test_every_entry_of_every_table_has_a_line(kind):
    [table] = re.findall(rf"<!-- table {kind} -->\n(.*?)<!-- end -->", TEXT, flags=re.DOTALL)
    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE) == list(tables()[kind])


@pytest.mark.parametrize("kind", PICTURES)
def test_every_picture_shows_all_entries_and_is_shown(kind):
    with Image.open(PAGE.parent / "images" / f"{kind}.png") as picture:
        drawn = picture.text["Description"].split()
    assert drawn == list(tables()[kind]), AGAIN
    assert f"(images/{kind}.png)" in TEXT
