"""Every Python block of every page runs, and prints what the page says."""

import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from docs.building.blocks import blocks_of, run

pytestmark = pytest.mark.repository

DOCS = Path(__file__).parents[1] / "docs"
GENERATED = ("_build", "gallery", "generated", "backreferences")
PAGES = {
    str(path.relative_to(DOCS)): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md"))
    if not set(GENERATED) & set(path.relative_to(DOCS).parts)
}
WITH_BLOCKS = [page for page, text in PAGES.items() if blocks_of(text)]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


# Keras' variables do not know NumPy 2's `copy` yet.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_the_blocks_of_a_page_run_and_print_what_it_says(page):
    left_out = run(page, PAGES[page])
    if len(left_out) == len(blocks_of(PAGES[page])):
        pytest.skip(f"needs {', '.join(left_out[0].missing)}")


@pytest.mark.parametrize("page", PAGES)
def test_every_fence_of_code_has_a_language_that_is_run_or_shown(page):
    fences = re.findall(r"^```(.*)$", PAGES[page], flags=re.MULTILINE)[::2]
    known = ("python", "text", "sh", "{")
    assert [fence for fence in fences if not fence.startswith(known)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_page_or_a_picture_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page])
    folder = (DOCS / page).parent
    # The gallery's pages are made from the examples, and are not there before.
    made = [link for link in links if link.endswith(".rst")]
    assert [link for link in links if link not in made and not (folder / link).is_file()] == []


def test_every_page_of_a_folder_stands_in_its_table_of_contents():
    for index in (page for page in PAGES if page.endswith("index.md") and "/" in page):
        folder = Path(index).parent
        beside = {Path(page).stem for page in PAGES if Path(page).parent == folder} - {"index"}
        assert beside <= set(PAGES[index].split())
