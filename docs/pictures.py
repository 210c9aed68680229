"""`python -m docs.pictures`: draw every entry of the tables of formulas, into docs/images/.

A new entry appears by itself; what a picture shows is written inside it, so that a test can tell
whether it shows all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lamina import MLPClassifier, MLPRegressor
from lamina.formulas import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS, PENALTIES, SCHEDULES
from lamina.formulas.schedules import Course

FOLDER = Path(__file__).parent / "images"
# Okabe and Ito's: told apart by the colour-blind, and also by their dashes.
VALUE, DERIVATIVE = {"color": "#0072B2"}, {"color": "#D55E00", "linestyle": "--"}
STYLE = {"font.size": 8, "lines.linewidth": 1.5}
COLUMNS = 4
EPOCHS, STEPS_AN_EPOCH = 100, 10
# What is drawn of a loss that has numbers of its own.
EXAMPLES = {
    "huber_threshold": 1.0,
    "quantile": 0.5,
    "tweedie_power": 1.5,
    "focal_gamma": 2.0,
    "label_smoothing": 0.0,
}
DEFAULTS = MLPRegressor().get_params() | MLPClassifier().get_params()


def panels(names: Sequence[str]) -> tuple[Figure, Iterator[tuple[str, Axes]]]:
    """A figure with a small panel for each name."""
    n_rows = math.ceil(len(names) / COLUMNS)
    figure = Figure(figsize=(8, 1.75 * n_rows + 0.4), layout="constrained")
    grid = figure.subplots(n_rows, COLUMNS, squeeze=False).ravel()
    for spare in grid[len(names) :]:
        spare.set_visible(False)
    for name, ax in zip(names, grid, strict=False):
        ax.set_title(name, fontsize=8, fontweight="bold", loc="left", pad=3)
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.3, linewidth=0.5)
        ax.tick_params(labelsize=7, length=2)
        ax.locator_params(nbins=4)
    return figure, zip(names, grid, strict=False)


def curves(ax: Axes, x: Any, value: Any, derivative: Any) -> None:
    """A function and its derivative."""
    ax.plot(x, value, label="value", **VALUE)
    ax.plot(x, derivative, label="derivative", **DERIVATIVE)


def legend(figure: Figure) -> None:
    """What the lines of all panels are, once."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False)


def activations() -> Figure:
    """Every a = f(z) and f'(z)."""
    figure, each = panels(list(ACTIVATIONS))
    z = np.linspace(-4, 8, 241)[:, np.newaxis]
    for name, ax in each:
        of = ACTIVATIONS[name]
        learned = [np.array([parameter.initial]) for parameter in of.parameters]
        a = of.value(z, *learned)
        curves(ax, z, a, of.derivative(z, a, *learned))
        is_bounded = a.max() < 0.9 * z.max()
        ax.set_ylim(max(-1.5, a.min() - 0.2), max(1.2, a.max() + 0.2) if is_bounded else 3.2)
    legend(figure)
    return figure


def losses() -> Figure:
    """Every loss of a target of 1, and its derivative, by the first logit; other logits are 0."""
    figure, each = panels(list(LOSSES))
    for name, ax in each:
        of = LOSSES[name]
        settings = {key: EXAMPLES[key] for key in of.hyperparameters}
        codes = of.targets == "codes"
        logits = np.zeros((281, 2 if codes else of.outputs_per_target(settings)))
        logits[:, 0] = np.linspace(-3, 4, len(logits))
        y = np.zeros(len(logits), np.int32) if codes else np.ones((len(logits), 1))
        p = INVERSE_LINKS[of.inverse_link].value(logits)
        curves(ax, logits[:, 0], of.value(p, y, settings), of.delta(p, y, settings)[:, 0])
        ax.set_ylim(-2.2, 4)
    legend(figure)
    return figure


def penalties() -> Figure:
    """Every penalty of one weight, and its derivative."""
    figure, each = panels(list(PENALTIES))
    w = np.linspace(-2, 2, 401)
    for name, ax in each:
        of = PENALTIES[name]
        curves(
            ax,
            w,
            [of.value(np.array([x])) for x in w],
            [of.gradient(np.array([x]))[0] for x in w],
        )
    legend(figure)
    return figure


def schedules() -> Figure:
    """The learning rate of every schedule over a hundred epochs, where nothing stalls."""
    figure, each = panels(list(SCHEDULES))
    step = np.arange(EPOCHS * STEPS_AN_EPOCH)
    course = Course(step, STEPS_AN_EPOCH, len(step))
    for name, ax in each:
        of = SCHEDULES[name]
        options = of.settings(None)
        factors = np.ones(len(step)) if of.shape is None else of.shape(course, options)
        ax.plot(step / STEPS_AN_EPOCH, factors * levels(name, options), **VALUE)
        ax.set_ylim(-0.05, 1.1)
        ax.set_xlabel("epoch", fontsize=7)
    figure.axes[0].set_ylabel("rate / first rate", fontsize=7)
    return figure


def levels(name: str, options: dict[str, Any]) -> np.ndarray:
    """The level of each step, with rows that count one an epoch and a stall at every 30th epoch."""
    of, level, found = SCHEDULES[name], 1.0, []
    for epoch in range(EPOCHS):
        found.append(level)
        level = of.after_epoch(level, 1.0, epoch + 1, 0.5)
        if (epoch + 1) % 30 == 0:
            lowered = of.after_stall(level)
            level = level if lowered is None else lowered
            if of.after_plateau is not None:
                level = of.after_plateau(level, 1.0, options)
    return np.repeat(found, STEPS_AN_EPOCH)


def optimizers() -> Figure:
    """The way of every optimizer down one valley, from the same point, in 60 steps."""
    figure, each = panels(list(OPTIMIZERS))
    for name, ax in each:
        for size in np.arange(0.4, 5, 0.4):
            width, height = 2 * size / np.sqrt(STEEP)
            ax.add_patch(Ellipse((0, 0), width, height, fill=False, color="0.75", linewidth=0.6))
        way = descent(name)
        ax.plot(*way.T, marker=".", markersize=3, linewidth=1, **VALUE)
        ax.plot(0, 0, marker="+", color="black", markersize=7)
        ax.set_xlim(-2.2, 0.6)
        ax.set_ylim(-1.3, 1.3)
    return figure


# A bowl that is twelve times steeper across than along.
STEEP = np.array([1.0, 12.0])


def descent(name: str) -> np.ndarray:
    """The points of one descent; the rates are such that each makes its way in 60 steps."""
    of = OPTIMIZERS[name]
    settings = {key: float(DEFAULTS[key]) for key in of.hyperparameters}
    w, state = np.array([-2.0, 1.0]), np.zeros((len(of.slots), 2))
    points = [w.copy()]
    for step in range(1, 61):
        of.update(w, STEEP * w, state, step, RATES.get(name, 0.1), settings)
        points.append(w.copy())
    return np.array(points)


# A sum of squares never forgets, and momentum multiplies: theirs are no rates of the others.
RATES = {"sgd": 0.01, "adagrad": 0.3, "lion": 0.05}

PICTURES: dict[str, Callable[[], Figure]] = {
    "activations": activations,
    "losses": losses,
    "penalties": penalties,
    "schedules": schedules,
    "optimizers": optimizers,
}


def main(folder: Path = FOLDER) -> None:
    """Draw all of them, with few colours, and with the names that are drawn as a remark inside."""
    with mpl.rc_context(STYLE):
        for name, draw in PICTURES.items():
            figure, file, remark = draw(), BytesIO(), PngInfo()
            figure.savefig(file, dpi=110)
            drawn = (ax.get_title(loc="left") for ax in figure.axes if ax.get_visible())
            remark.add_text("Description", " ".join(drawn))
            picture = Image.open(file).convert("RGB").quantize(64)
            picture.save(folder / f"{name}.png", optimize=True, pnginfo=remark)


if __name__ == "__main__":
    main()
