"""Every Python block of every page runs and prints the output that the page states."""

import contextlib
import io
import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from docs.building.blocks import iterate_blocks, run
from docs.building.last_bits import nudged

pytestmark = pytest.mark.repository

DOCS = Path(__file__).parents[1] / "docs"
GENERATED = ("_build", "gallery", "generated", "backreferences")
PAGES = {
    str(path.relative_to(DOCS)): path.read_text(encoding="utf-8")
    for path in sorted(DOCS.rglob("*.md"))
    if not set(GENERATED) & set(path.relative_to(DOCS).parts)
}
WITH_BLOCKS = [page for page, text in PAGES.items() if iterate_blocks(text)]
FITTING = [page for page in WITH_BLOCKS if "fit" in PAGES[page]]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


# Keras' variables do not support NumPy 2's `copy` yet.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("page", WITH_BLOCKS)
def test_the_blocks_of_a_page_run_and_print_the_stated_output(page):
    left_out = run(page, PAGES[page])
    if len(left_out) == len(iterate_blocks(PAGES[page])):
        pytest.skip(f"needs {', '.join(left_out[0].missing)}")


# Last bits differ between processors, and a chaotic fit amplifies them: its page has to show other
# figures, fewer digits, or the lowest of many seeds.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("page", FITTING)
def test_the_output_does_not_depend_on_the_last_bits_of_initial_weights(page, seed):
    with nudged(seed):
        run(page, PAGES[page])


@pytest.mark.parametrize("page", PAGES)
def test_no_page_silences_warnings(page):
    assert "filterwarnings" not in PAGES[page]
    assert "simplefilter" not in PAGES[page]


def test_a_figure_that_depends_on_last_bits_is_found():
    chaotic = """```python
import numpy as np
from lamina import MLPRegressor

x = np.linspace(-3, 3, 30)[:, np.newaxis]
model = MLPRegressor(hidden_layer_sizes=(20, 20), activation="tanh", random_state=0)
model.set_params(solver="lbfgs", max_iter=100)
print(f"{model.fit(x, np.sin(x[:, 0])).loss_:.DIGITSf}")  # SAID
```
"""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(AssertionError) as raised:
        run("page", chaotic.replace("DIGITS", "17"))
    said = re.search(r"the block printed\n(\S+)", str(raised.value))[1]
    exact = chaotic.replace("DIGITS", "17").replace("SAID", said)
    run("page", exact)
    with nudged(1), pytest.raises(AssertionError, match="the page says"):
        run("page", exact)
    with nudged(1):
        run("page", chaotic.replace("DIGITS", "2").replace("SAID", f"{float(said):.2f}"))


@pytest.mark.parametrize("page", PAGES)
def test_every_fence_of_code_has_a_language_that_is_run_or_shown(page):
    fences = re.findall(r"^```(.*)$", PAGES[page], flags=re.MULTILINE)[::2]
    languages = ("python", "text", "sh", "{")
    assert [fence for fence in fences if not fence.startswith(languages)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_page_or_a_picture_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page])
    folder = (DOCS / page).parent
    # The gallery's pages are generated from the examples by the build.
    made = [link for link in links if link.endswith(".rst")]
    assert [link for link in links if link not in made and not (folder / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_heading_leads_to_one(page):
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", PAGES[page])
    folder = (DOCS / page).parent
    for target, anchor in links:
        path = (folder / target).resolve() if target else DOCS / page
        headings = re.findall(r"^#+ (.*)$|<a id=\"(.*)\">", path.read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title, _ in headings}
        assert anchor in slugs | {name for _, name in headings}, f"{target}#{anchor}"


def test_every_page_of_a_folder_is_in_its_table_of_contents():
    for index in (page for page in PAGES if page.endswith("index.md") and "/" in page):
        folder = Path(index).parent
        siblings = {Path(page).stem for page in PAGES if Path(page).parent == folder} - {"index"}
        assert siblings <= set(PAGES[index].split())
