"""Pictures of the views: PNG and SVG match the page and need no other files."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

Image = pytest.importorskip("PIL.Image")

pytestmark = pytest.mark.xdist_group("browser")
SCALE = 3
SVG = "{http://www.w3.org/2000/svg}"

# Data, panel of a view, its tab if any, and words in its picture.
VIEWS = [
    ("iris", "network", "Network", ["Network: iris", "petal width (cm)", "versicolor", "4 inputs"]),
    ("iris", "network", "Step", ["A step, row 0: iris", "negative", "positive"]),
    ("iris", "region", None, ["Decision: iris", "setosa", "first principal component"]),
    ("iris", "curves", "Loss", ["Loss: iris", "epoch", "loss", "train", "test"]),
    ("iris", "curves", "Distributions", ["Weights: iris", "median"]),
    ("iris", "notes", "Confusion", ["Confusion: iris", "versicolor", "true class", "taken for"]),
    ("diabetes", "region", "Residuals", ["Residuals: diabetes", "test rows"]),
    ("digits", "region", "Features", ["Features: digits", "adds", "takes away"]),
]


@pytest.fixture(scope="module")
def learned(browser: Any, server: Any) -> Iterator[Callable[[str], Any]]:
    """Return `learned(name)`, the paused page after some training on that data."""
    from tests.web.conftest import Visit

    visit = Visit(browser, server)
    visit.page.get_by_label("Test rows").check()
    visit.page.get_by_label("Pace").select_option("200")

    def learn(name: str) -> Any:
        field = visit.page.get_by_label("Known data")
        if field.input_value() == name:
            return visit
        if visit.page.get_by_role("button", name="Play", exact=True).is_visible():
            visit.page.get_by_role("button", name="Play", exact=True).click()
        field.select_option(name)
        visit.until(lambda: visit.session.run.prepared.dataset.name == name)
        visit.wait_for_epoch(8)
        visit.pause()
        return visit

    yield learn
    visit.context.close()
    assert not visit.troubles


def saved(visit: Any, panel: str, way: str) -> Any:
    """Return the file downloaded from a panel's picture menu."""
    menu = visit.page.locator(f".{panel} > header > .menu")
    menu.locator("> button").click()
    with visit.page.expect_download() as download:
        menu.get_by_role("button", name=f"{way} for").click()
    return download.value


def image_of(content: bytes) -> Any:
    return Image.open(io.BytesIO(content)).convert("RGB")


def shown(visit: Any, svg: str, size: tuple[int, int], folder: Path) -> Any:
    """Return the SVG rendered by Chromium, opened as a file."""
    file = folder / "picture.svg"
    file.write_text(svg)
    page = visit.context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(file.as_uri())
    image = image_of(page.screenshot())
    page.close()
    return image


@pytest.mark.parametrize(
    ("data", "panel", "tab", "words"), VIEWS, ids=[view[3][0] for view in VIEWS]
)
def test_png_and_svg_pictures_are_equal_and_self_contained(
    learned: Any, tmp_path: Path, data: str, panel: str, tab: str | None, words: list[str]
) -> None:
    visit = learned(data)
    if tab is not None:
        visit.page.locator(f".{panel}").get_by_role("button", name=tab, exact=True).click()
        expect(visit.page.locator(f".{panel} h2")).to_have_text(tab)
    epoch = visit.epoch()
    visit.page.wait_for_function(
        "([panel, name]) => document.querySelector(`.${panel} canvas, .${panel} table`)",
        arg=[panel, tab],
    )
    png = saved(visit, panel, "PNG")
    assert png.suggested_filename.endswith(f"-{data}-epoch-{epoch}.png")
    svg = Path(saved(visit, panel, "SVG").path()).read_text()
    root = ET.fromstring(svg)
    size = int(root.get("width", "")), int(root.get("height", ""))
    picture = image_of(Path(png.path()).read_bytes())
    assert picture.size == (SCALE * size[0], SCALE * size[1])

    texts = [text for each in root.iter(f"{SVG}text") for text in each.itertext()]
    assert set(words) - set(texts) == set()
    assert f"epoch {epoch} " in texts[-1]
    assert texts[-1].endswith("lamina")
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        *("svg", "title", "defs", "clipPath", "g", "path", "rect", "text", "image")
    }
    links = [value for each in root.iter() for name, value in each.items() if "href" in name]
    assert all(link.startswith("data:image/png;base64,") for link in links)

    drawn = np.asarray(shown(visit, svg, size, tmp_path), dtype=float)
    small = np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=float)
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 50
    assert np.abs(drawn - small).mean() < 1.5
