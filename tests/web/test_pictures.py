"""Pictures of the views: PNG and SVG show what the page shows, and stand by themselves."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

Image = pytest.importorskip("PIL.Image")

pytestmark = pytest.mark.xdist_group("browser")
SCALE = 3
SVG = "{http://www.w3.org/2000/svg}"

# A view's panel, its tab where it has one, and words that its picture holds.
VIEWS = [
    ("network", None, ["Network: iris", "petal width (cm)", "versicolor", "4 inputs", "6 tanh"]),
    ("region", None, ["Decision: iris", "setosa", "test rows", "first principal component"]),
    ("curves", "Distributions", ["Weights: iris", "hidden 1", "output", "median"]),
    ("curves", "Loss", ["Loss: iris", "epoch", "loss", "train", "test"]),
]


@pytest.fixture(scope="module")
def iris(browser: Any, server: Any) -> Any:
    """A page that has learned something of iris, and stands still."""
    from tests.web.conftest import Visit

    visit = Visit(browser, server)
    visit.page.get_by_label("Known data").select_option("iris")
    expect(visit.page.locator(".network .input-name").first).to_contain_text("sepal")
    visit.page.get_by_label("Test rows").check()
    visit.wait_for_epoch(15)
    visit.pause()
    yield visit
    visit.context.close()
    assert not visit.troubles


def saved(visit: Any, panel: str, way: str) -> Any:
    """The file that a choice of a panel's picture menu gives."""
    menu = visit.page.locator(f".{panel} > header > .menu")
    menu.locator("summary").click()
    with visit.page.expect_download() as download:
        menu.get_by_role("button", name=f"{way} for").click()
    return download.value


def image_of(content: bytes) -> Any:
    return Image.open(io.BytesIO(content)).convert("RGB")


def shown(visit: Any, svg: str, size: tuple[int, int], folder: Path) -> Any:
    """What Chromium makes of the SVG, opened as a file."""
    file = folder / "picture.svg"
    file.write_text(svg)
    page = visit.context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(file.as_uri())
    image = image_of(page.screenshot())
    page.close()
    return image


@pytest.mark.parametrize(
    ("panel", "tab", "words"), VIEWS, ids=[f"{view[0]} {view[1]}" for view in VIEWS]
)
def test_a_picture_is_the_same_as_png_and_as_svg_and_stands_by_itself(
    iris: Any, tmp_path: Path, panel: str, tab: str | None, words: list[str]
) -> None:
    if tab is not None:
        iris.page.get_by_role("button", name=tab, exact=True).click()
    png = saved(iris, panel, "PNG")
    assert png.suggested_filename.endswith(f"-iris-epoch-{iris.epoch()}.png")
    svg = Path(saved(iris, panel, "SVG").path()).read_text()
    root = ET.fromstring(svg)
    size = int(root.get("width", "")), int(root.get("height", ""))
    picture = image_of(Path(png.path()).read_bytes())
    assert picture.size == (SCALE * size[0], SCALE * size[1])

    texts = [text for each in root.iter(f"{SVG}text") for text in each.itertext()]
    assert set(words) - set(texts) == set()
    assert f"epoch {iris.epoch()} " in texts[-1]
    assert texts[-1].endswith("lamina")
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        *("svg", "title", "defs", "clipPath", "g", "path", "rect", "text", "image")
    }
    links = [value for each in root.iter() for name, value in each.items() if "href" in name]
    assert all(link.startswith("data:image/png;base64,") for link in links)

    drawn = np.asarray(shown(iris, svg, size, tmp_path), dtype=float)
    small = np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=float)
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 50
    assert np.abs(drawn - small).mean() < 1.5
