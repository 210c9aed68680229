"""Draw the curves: a panel for each quantity that grows, both axes logarithmic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.machine import QUIET
from benchmarks.scaling.curves import CURVES, Curve, Measured

COLOURS = {"lamina": "#0b6e6e", "scikit-learn": "#c8641b"}
INK, FAINT = "#2b2b2b", "#9a9a9a"
TITLES = {
    "rows": "Samples",
    "width": "Units in each of two hidden layers",
    "depth": "Hidden layers of 64",
    "batch": "Batch size",
    "threads": "Threads, two hidden layers of 1,024",
}
GUIDES = {1: "linear", 2: "quadratic", -1: "ideal speed-up"}


def draw(measured: Measured, path: Path) -> None:
    """Draw the measurements to a PNG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    style = {"font.family": "sans-serif", "font.size": 9.5, "axes.edgecolor": FAINT}
    with pyplot.rc_context(style):
        figure = pyplot.figure(figsize=(11, 6.8), layout="constrained", facecolor="white")
        panels = _panels(figure)
        for axes, curve in zip(panels, CURVES.values(), strict=True):
            _panel(axes, curve, measured)
        machine = measured.machine
        figure.suptitle(
            "Seconds per epoch, as one quantity grows at a time", x=0.012, ha="left", fontsize=14
        )
        figure.supxlabel(
            f"float32, Adam. {machine['processor']}, {machine['cores']} cores; "
            f"lamina {machine['versions'].get('lamina')}, "
            f"scikit-learn {machine['versions'].get('scikit-learn')}.{_traffic(measured)}",
            x=0.012,
            ha="left",
            fontsize=8.5,
            color=FAINT,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=160)
        pyplot.close(figure)


def _traffic(measured: Measured) -> str:
    fraction = measured.others_fraction
    if fraction is None or fraction <= QUIET:
        return ""
    return f" Other processes took {100 * fraction:.0f} % of the machine."


def _panels(figure: Any) -> list[Any]:
    """Return the panels; that of the samples is the widest, because it shows linear growth."""
    grid = figure.add_gridspec(2, 6)
    places = [grid[0, :4], grid[0, 4:], grid[1, :2], grid[1, 2:4], grid[1, 4:]]
    return [figure.add_subplot(place) for place in places]


def _panel(axes: Any, curve: Curve, measured: Measured) -> None:
    axes.set(xscale="log", yscale="log")
    axes.set_title(TITLES[curve.name], loc="left", fontsize=10.5, color=INK)
    for peer, colour in COLOURS.items():
        points = measured.points(curve.name, peer)
        if points:
            values, seconds = zip(*points, strict=True)
            axes.plot(values, seconds, "-o", color=colour, markersize=3.8, linewidth=1.8)
            _label(axes, peer, points, colour)
    _guide(axes, curve, measured)
    _ticks(axes, curve)


def _label(axes: Any, peer: str, points: list[tuple[int, float]], colour: str) -> None:
    """Write the line's name at its middle, above the upper line and below the lower."""
    falls = points[0][1] > points[-1][1]
    value, seconds = points[(len(points) - 1) // (4 if falls else 2)]
    is_above = peer != "lamina" or len(points) < 3
    # The label is on the side away from the line's direction.
    ha = "left" if is_above == falls else "right"
    axes.annotate(
        peer,
        (value, seconds),
        xytext=(7 if ha == "left" else -7, 8 if is_above else -8),
        textcoords="offset points",
        ha=ha,
        va="bottom" if is_above else "top",
        color=colour,
        fontweight="bold",
        path_effects=_halo(),
    )


def _halo() -> list[Any]:
    """Return a white outline that keeps text legible above lines."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground="white")]


def _guide(axes: Any, curve: Curve, measured: Measured) -> None:
    """Draw a dashed line with the growth of the arithmetic through lamina's last point."""
    points = measured.points(curve.name, "lamina")
    if curve.slope == 0 or len(points) < 2:
        return
    anchor_value, anchor = points[0] if curve.slope < 0 else points[-1]
    ends = points[0][0], points[-1][0]
    heights = [anchor * (value / anchor_value) ** curve.slope for value in ends]
    axes.plot(ends, heights, linestyle=(0, (4, 3)), color=FAINT, linewidth=1.1, zorder=0)
    rises = curve.slope > 0
    axes.annotate(
        GUIDES[curve.slope],
        (ends[0], heights[0]) if rises else (ends[1], heights[1]),
        xytext=(14, 0) if rises else (-14, 0),
        textcoords="offset points",
        ha="left" if rises else "right",
        va="center",
        color=FAINT,
        fontsize=8.5,
        path_effects=_halo(),
    )


def _ticks(axes: Any, curve: Curve) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.margins(y=0.16)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, which="major", color="#ececec", linewidth=0.8)
    axes.set_axisbelow(True)
    shown = curve.values[::2] if len(curve.values) > 6 else curve.values
    axes.set_xticks(shown, [_count(value) for value in shown])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _duration(seconds)))
    low, high = axes.get_ylim()
    digits = range(1, 10) if high / low < 5 else (1, 2, 5) if high / low < 50 else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=tuple(digits)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.tick_params(colors=INK, length=3, labelsize=9)


def _count(value: int) -> str:
    return f"{value // 1_000_000} million" if value >= 1_000_000 else f"{value:,}"


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= 0.999 * size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds / 1e-6:g} µs"
