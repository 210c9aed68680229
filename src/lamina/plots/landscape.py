"""Draw the loss landscape: contours over a plane in parameter space, with the path of the fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.plots.axes import Style, new_axes, require_matplotlib
from lamina.plots.colours import background, foreground, loss_colormap
from lamina.studies import LossLandscape, loss_landscape
from lamina.training.callbacks import Snapshots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.colors import Normalize
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from mpl_toolkits.mplot3d import Axes3D
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection
    from sklearn.base import BaseEstimator

Height: TypeAlias = Callable[[ArrayOrTable], ArrayOrTable]
N_LEVELS = 24
# Ratio of the highest to the lowest loss from which the logarithm is shown.
WIDE = 5.0


class LossLandscapeDisplay:
    """The loss over a plane through a model's parameters, with the path of its fit.

    Use `from_estimator` to create one.

    Parameters
    ----------
    landscape : LossLandscape
        Result of `lamina.studies.loss_landscape`.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Three-dimensional axes for a surface.
    contours_ : QuadContourSet or None
    surface_ : Poly3DCollection or None
    colorbar_ : Colorbar
    path_ : Line2D or None
        Path of the fit from its first snapshot; None for random directions, as the path is not in
        their plane.
    model_ : Line2D
        Star at the position of the model.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import LossLandscapeDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((5,), tol=0.01, random_state=0).fit(X, y)
    >>> display = LossLandscapeDisplay.from_estimator(model, X, y, n_points=9)
    >>> display.ax_.get_xlabel()
    'first random direction'
    """

    ax_: Axes
    figure_: Figure
    contours_: QuadContourSet | None
    surface_: Poly3DCollection | None
    colorbar_: Colorbar
    path_: Line2D | None
    model_: Line2D

    def __init__(self, *, landscape: LossLandscape) -> None:
        self.landscape = landscape

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable,
        *,
        sample_weight: ArrayOrTable = None,
        ax: Axes | None = None,
        directions: str | ArrayLike = "auto",
        snapshots: Snapshots | None = None,
        span: float | None = None,
        n_points: int = 25,
        random_state: int | np.random.RandomState | None = 0,
        surface: bool = False,
        log_scale: bool | None = None,
    ) -> Self:
        """Draw the loss landscape around a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            A perceptron, or a pipeline, search or similar estimator that contains one.
        X, y : array-like
            Samples and targets as for the estimator's `fit`; a few hundred show the shape.
        sample_weight : array-like of shape (n_samples,), optional
        ax : matplotlib Axes, default=None
            Axes to draw on, with projection='3d' for a surface; by default those of a new figure.
        directions, snapshots, span, n_points, random_state
            As in `lamina.studies.loss_landscape`: by default the principal directions of the fit's
            path if the model has `callbacks=Snapshots()`, else random ones.
        surface : bool, default=False
            If True, draw a surface instead of contours.
        log_scale : bool, default=None
            If True, colours, contours and heights follow the logarithm of the loss; by default if
            the highest loss is more than 5 times the lowest.

        Returns
        -------
        LossLandscapeDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            For unknown directions, and for axes with the wrong number of dimensions.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        landscape = loss_landscape(
            estimator,
            X,
            y,
            sample_weight,
            directions=directions,
            snapshots=snapshots,
            span=span,
            n_points=n_points,
            random_state=random_state,
        )
        return cls(landscape=landscape).plot(ax, surface=surface, log_scale=log_scale)

    def plot(
        self, ax: Axes | None = None, *, surface: bool = False, log_scale: bool | None = None
    ) -> Self:
        """Draw the landscape; parameters as in `from_estimator`."""
        losses = self.landscape.losses
        if ax is None:
            ax = new_axes(self, subplot_kw={"projection": "3d" if surface else None})
        elif surface != (ax.name == "3d"):
            raise ValueError(
                f"surface={surface!r} on axes of projection={ax.name!r}: a surface needs "
                "subplots(subplot_kw={'projection': '3d'}), contours need plain ones"
            )
        self.ax_, self.figure_ = ax, ax.get_figure(root=True)  # type: ignore[assignment]
        self.contours_ = self.surface_ = self.path_ = None
        levels, norm, height = _scale_of(losses[np.isfinite(losses)], log_scale)
        if surface:
            self._plot_surface(levels, height)
        else:
            self._plot_contours(levels, norm)
        self._plot_path(height)
        for label, ordinal in ((ax.set_xlabel, 0), (ax.set_ylabel, 1)):
            label(self._label(ordinal), labelpad=8.0 if surface else None)
        return self

    def _plot_contours(self, levels: NDArray[np.float64], norm: Normalize) -> None:
        x, y = self.landscape.first, self.landscape.second
        losses = np.ma.masked_invalid(self.landscape.losses)
        scale: Style = {"levels": levels, "norm": norm}
        self.contours_ = self.ax_.contourf(x, y, losses, cmap=loss_colormap(), **scale)
        lines: Style = {"colors": [foreground()], "linewidths": 0.4, "alpha": 0.4}
        self.ax_.contour(x, y, losses, levels=levels[::2], **lines)
        self.colorbar_ = self.figure_.colorbar(self.contours_, ax=self.ax_, label="loss")
        _label_losses(self.colorbar_, levels)

    def _plot_surface(self, levels: NDArray[np.float64], height: Height) -> None:
        ax = cast("Axes3D", self.ax_)
        grid = np.meshgrid(self.landscape.first, self.landscape.second)
        losses = np.clip(self.landscape.losses, levels[0], levels[-1])
        self.surface_ = ax.plot_surface(
            *grid,
            height(losses),
            cmap=loss_colormap(),
            vmin=height(levels[0]),
            vmax=height(levels[-1]),
            linewidth=0,
            alpha=0.85,
            rstride=1,
            cstride=1,
        )
        self.colorbar_ = self.figure_.colorbar(
            self.surface_, ax=ax, label="loss", shrink=0.7, pad=0.1
        )
        _label_losses(self.colorbar_, levels, height)
        ax.set_box_aspect(None, zoom=0.9)
        ax.locator_params(nbins=5)
        of_height = (
            (lambda z, _: f"{10**z:.3g}") if height is np.log10 else (lambda z, _: f"{z:.3g}")
        )
        ax.zaxis.set_major_formatter(of_height)

    def _plot_path(self, height: Height) -> None:
        landscape, path = self.landscape, self.landscape.path
        is_flat = self.surface_ is None
        look: Style = {"color": foreground(), "markeredgecolor": background(), "zorder": 5}
        if path is not None and landscape.kind != "random":
            coordinates = [*path.positions.T] + ([] if is_flat else [height(path.losses)])
            (self.path_,) = self.ax_.plot(
                *coordinates, linewidth=1.4, marker="o", markersize=3.5, **look
            )
            self._label_epochs(path.epochs, path.positions)
        place = [[0.0], [0.0]] + ([] if is_flat else [height([landscape.loss])])
        (self.model_,) = self.ax_.plot(*place, linestyle="none", marker="*", markersize=15, **look)

    def _label_epochs(self, epochs: tuple[int, ...], positions: NDArray[np.float64]) -> None:
        """Write the first and the last epoch at the ends of the path."""
        if self.surface_ is not None:
            return
        box = {"boxstyle": "round,pad=0.2", "facecolor": background(), "edgecolor": "none"}
        for place in (0, -1):
            self.ax_.annotate(
                f"epoch {epochs[place]}",
                positions[place],
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize="small",
                bbox=box,
                zorder=6,
            )

    def _label(self, ordinal: int) -> str:
        """Return the name of a direction and its fraction of the path's variance."""
        number = ("first", "second")[ordinal]
        if self.landscape.fractions is not None:
            fraction = self.landscape.fractions[ordinal]
            of_what = "" if self.contours_ is None else " of the path"
            return f"{number} principal direction{of_what} ({fraction:.0%})"
        return f"{number} {'random' if self.landscape.kind == 'random' else 'given'} direction"


class Scale(NamedTuple):
    """The scale of the losses.

    Attributes
    ----------
    levels : ndarray of float64
        Contour levels between the lowest and the highest loss.
    norm : Normalize
        Mapping from losses to colours.
    height : callable
        Mapping from a loss to the vertical axis, which has no logarithmic scale in 3D.
    """

    levels: NDArray[np.float64]
    norm: Normalize
    height: Height


def _scale_of(losses: NDArray[np.float64], log_scale: bool | None) -> Scale:
    from matplotlib.colors import LogNorm, Normalize

    low, high = float(losses.min()), float(losses.max())
    if log_scale is None:
        log_scale = 0 < WIDE * low < high
    elif log_scale and low <= 0:
        raise ValueError(f"log_scale=True, but the loss falls to {low:.3g}: leave it out")
    if high <= low:
        high = low + max(abs(low), 1.0) * 1e-6
    if log_scale:
        return Scale(np.geomspace(low, high, N_LEVELS), LogNorm(low, high), np.log10)
    return Scale(np.linspace(low, high, N_LEVELS), Normalize(low, high), np.asarray)


def _label_losses(
    colorbar: Colorbar, levels: NDArray[np.float64], height: Height = np.asarray
) -> None:
    """Write some of the levels as numbers next to the colour bar."""
    ticks = levels[:: max(1, len(levels) // 6)]
    colorbar.set_ticks(height(ticks), labels=[f"{tick:.3g}" for tick in ticks])
    colorbar.ax.minorticks_off()
