"""`python -m docs.pictures`: draw every entry of the tables of formulas into docs/images/.

Each PNG file lists the names that it shows, so that a test can compare them with the tables.
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

from lamina.formulas import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS, PENALTIES, SCHEDULES
from lamina.formulas.hyperparameters import complete, names_of
from lamina.formulas.schedule import Course

FOLDER = Path(__file__).parent / "images"
# Okabe and Ito's colours are distinguishable with colour blindness; the dashes help too.
VALUE, DERIVATIVE = {"color": "#0072B2"}, {"color": "#D55E00", "linestyle": "--"}
STYLE = {"font.size": 8, "lines.linewidth": 1.5}
COLUMNS = 4
EPOCHS, STEPS_AN_EPOCH = 100, 10
# The hyperparameters with which losses are drawn.
EXAMPLES = {
    "huber_threshold": 1.0,
    "quantile": 0.5,
    "tweedie_power": 1.5,
    "focal_gamma": 2.0,
    "label_smoothing": 0.0,
}


def panels(names: Sequence[str]) -> tuple[Figure, Iterator[tuple[str, Axes]]]:
    """Return a figure with a small panel for each name."""
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
    """Draw a function and its derivative."""
    ax.plot(x, value, label="value", **VALUE)
    ax.plot(x, derivative, label="derivative", **DERIVATIVE)


def legend(figure: Figure) -> None:
    """Add one legend for all panels."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False)


def activations() -> Figure:
    """Draw a = f(z) and f'(z) of every activation."""
    figure, each = panels(list(ACTIVATIONS))
    z = np.linspace(-4, 8, 241)[:, np.newaxis]
    for name, ax in each:
        activation = ACTIVATIONS[name]
        learned = [np.array([parameter.initial]) for parameter in activation.parameters]
        a = activation.value(z, *learned)
        curves(ax, z, a, activation.derivative(z, a, *learned))
        is_bounded = a.max() < 0.9 * z.max()
        ax.set_ylim(max(-1.5, a.min() - 0.2), max(1.2, a.max() + 0.2) if is_bounded else 3.2)
    legend(figure)
    return figure


def losses() -> Figure:
    """Draw every loss and its derivative by the first logit; the target is 1, other logits 0."""
    figure, each = panels(list(LOSSES))
    for name, ax in each:
        loss = LOSSES[name]
        settings = {key: EXAMPLES[key] for key in names_of(loss.hyperparameters)}
        codes = loss.targets == "codes"
        logits = np.zeros((281, 2 if codes else loss.outputs_per_target(settings)))
        logits[:, 0] = np.linspace(-3, 4, len(logits))
        y = np.zeros(len(logits), np.int32) if codes else np.ones((len(logits), 1))
        p = INVERSE_LINKS[loss.inverse_link].value(logits)
        curves(ax, logits[:, 0], loss.value(p, y, settings), loss.delta(p, y, settings)[:, 0])
        ax.set_ylim(-2.2, 4)
    legend(figure)
    return figure


def penalties() -> Figure:
    """Draw every penalty of one weight and its derivative."""
    figure, each = panels(list(PENALTIES))
    w = np.linspace(-2, 2, 401)
    for name, ax in each:
        penalty = PENALTIES[name]
        curves(
            ax,
            w,
            [penalty.value(np.array([x])) for x in w],
            [penalty.gradient(np.array([x]))[0] for x in w],
        )
    legend(figure)
    return figure


def schedules() -> Figure:
    """Draw the learning rate of every schedule over a hundred epochs, with a stall every 30."""
    figure, each = panels(list(SCHEDULES))
    step = np.arange(EPOCHS * STEPS_AN_EPOCH)
    course = Course(step, STEPS_AN_EPOCH, len(step))
    for name, ax in each:
        schedule = SCHEDULES[name]
        options = schedule.settings(None)
        n_steps = len(step)
        factors = np.ones(n_steps) if schedule.shape is None else schedule.shape(course, options)
        ax.plot(step / STEPS_AN_EPOCH, factors * base_rates(name, options), **VALUE)
        ax.set_ylim(-0.05, 1.1)
        ax.set_xlabel("epoch", fontsize=7)
    figure.axes[0].set_ylabel("rate / initial rate", fontsize=7)
    return figure


def base_rates(name: str, options: dict[str, Any]) -> np.ndarray:
    """Return the base rate of each step, with one sample per epoch and a stall every 30 epochs."""
    schedule, rate, rates = SCHEDULES[name], 1.0, []
    for epoch in range(EPOCHS):
        rates.append(rate)
        rate = schedule.after_epoch(rate, 1.0, epoch + 1, 0.5)
        if (epoch + 1) % 30 == 0:
            lowered = schedule.after_stall(rate)
            rate = rate if lowered is None else lowered
            if schedule.after_plateau is not None:
                rate = schedule.after_plateau(rate, 1.0, options)
    return np.repeat(rates, STEPS_AN_EPOCH)


def optimizers() -> Figure:
    """Draw the path of every optimizer along one valley, from the same point, in 60 steps."""
    figure, each = panels(list(OPTIMIZERS))
    for name, ax in each:
        for size in np.arange(0.4, 5, 0.4):
            width, height = 2 * size / np.sqrt(STEEP)
            ax.add_patch(Ellipse((0, 0), width, height, fill=False, color="0.75", linewidth=0.6))
        path = descent(name)
        ax.plot(*path.T, marker=".", markersize=3, linewidth=1, **VALUE)
        ax.plot(0, 0, marker="+", color="black", markersize=7)
        ax.set_xlim(-2.2, 0.6)
        ax.set_ylim(-1.3, 1.3)
    return figure


# The curvatures of a quadratic that is twelve times steeper across than along.
STEEP = np.array([1.0, 12.0])


def descent(name: str) -> np.ndarray:
    """Return the points of one descent, with a rate that comes close to the minimum."""
    optimizer = OPTIMIZERS[name]
    settings = complete(name, optimizer.hyperparameters, {})
    w, state = np.array([-2.0, 1.0]), np.zeros((len(optimizer.slots), 2))
    points = [w.copy()]
    for step in range(1, 61):
        optimizer.update(w, STEEP * w, state, step, RATES.get(name, 0.1), settings)
        points.append(w.copy())
    return np.array(points)


# adagrad's steps shrink with its sum of squares, and momentum multiplies the steps of sgd.
RATES = {"sgd": 0.01, "adagrad": 0.3, "lion": 0.05}

PICTURES: dict[str, Callable[[], Figure]] = {
    "activations": activations,
    "losses": losses,
    "penalties": penalties,
    "schedules": schedules,
    "optimizers": optimizers,
}


def main(folder: Path = FOLDER) -> None:
    """Save all pictures with 64 colours, and list the names that each shows in its metadata."""
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
