"""The page draws state, data and frames of a single run, whenever the data is switched."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("browser")
MADE = ("quadrants", "moons", "circles", "xor", "clusters", "spiral", "curve", "plane", "hills")
# Screen frames before the next switch: before the data has arrived, and after.
FRAMES = (0, 1, 2, 3, 5, 8, 20)
LET_FRAMES_PASS = """n => new Promise(done => {
    const next = left => left > 0 ? requestAnimationFrame(() => next(left - 1)) : done();
    next(n);
})"""
HAS_POINTS_OF_RUN = """run => {
    const plane = document.querySelector(".plane");
    if (plane.dataset.run !== String(run)) return false;
    // Read from a copy: the page's own canvas is not made for it, and says so.
    const [points, copy] = [plane.querySelectorAll("canvas")[1], document.createElement("canvas")];
    [copy.width, copy.height] = [points.width, points.height];
    const context = copy.getContext("2d", {willReadFrequently: true});
    context.drawImage(points, 0, 0);
    return context.getImageData(0, 0, copy.width, copy.height).data.some(each => each > 0);
}"""


def all_pairs(names: tuple[str, ...]) -> list[str]:
    """Return a sequence in which each name follows each other once (Hierholzer's circuit)."""
    order, path = random.Random(0), [names[0]]
    left = {name: order.sample(names, len(names)) for name in names}
    for name in names:
        left[name].remove(name)
    walk: list[str] = []
    while path:
        if left[path[-1]]:
            path.append(left[path[-1]].pop())
        else:
            walk.append(path.pop())
    return walk[::-1]


def choose(visit: Any, name: str) -> None:
    visit.page.locator(".picture", has_text=name).click()


def wait_for_points(visit: Any, name: str) -> None:
    """Wait until the plane shows the points of the chosen data."""
    visit.until(lambda: visit.session.experiment.data.to_json().get("name") == name)
    visit.page.wait_for_function(HAS_POINTS_OF_RUN, arg=visit.session.run.id)


def test_the_walk_has_every_pair_once() -> None:
    walk = all_pairs(MADE)
    pairs = list(itertools.pairwise(walk))
    assert len(set(pairs)) == len(pairs) == len(MADE) * (len(MADE) - 1)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"], ids=["playing", "paused"])
def test_every_data_set_after_every_other_has_its_points(open_page: Any, motion: str) -> None:
    visit, moments = open_page(reduced_motion=motion), random.Random(1)
    wait_for_points(visit, "moons")
    for name in all_pairs(MADE):
        choose(visit, name)
        visit.page.evaluate(LET_FRAMES_PASS, moments.choice(FRAMES))
        if moments.random() < 0.5:
            wait_for_points(visit, name)
    wait_for_points(visit, name)
    assert visit.troubles == []


def test_an_error_in_a_drawing_is_reported_and_the_next_is_drawn(visit: Any) -> None:
    wait_for_points(visit, "moons")
    visit.page.evaluate("""() => {
        const usual = CanvasRenderingContext2D.prototype.strokeRect;
        CanvasRenderingContext2D.prototype.strokeRect = () => { throw new Error("out of paint"); };
        window.mend = () => { CanvasRenderingContext2D.prototype.strokeRect = usual; };
    }""")
    alert = visit.page.get_by_role("alert")
    expect(alert).to_contain_text("could not draw a picture (out of paint)")
    visit.page.evaluate("window.mend()")
    visit.wait_for_epoch(visit.epoch() + 5)
    choose(visit, "spiral")
    wait_for_points(visit, "spiral")
    visit.page.get_by_role("button", name="Dismiss").click()
    expect(alert).not_to_contain_text("out of paint")
    assert visit.troubles
    assert all("out of paint" in trouble for trouble in visit.troubles)
    visit.troubles.clear()
