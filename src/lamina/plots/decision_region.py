"""Draw a model's predictions over a plane: probabilities as shades, with the data on top."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier

from lamina.encoding.frames import ArrayOrTable
from lamina.formulas.table import AnyArray
from lamina.plots.axes import Style, StyleValue, new_axes, require_matplotlib
from lamina.plots.colours import CYCLE, LOSS_COLOURS, MARKERS, foreground, readable_on
from lamina.plots.deepest_point import deepest_point
from lamina.plots.names import class_names as names_of_classes
from lamina.plots.region_answers import build_answers, shades, targets_as_drawn
from lamina.plots.region_film import RegionFilm, check_film_inputs, film_path, write_film
from lamina.plots.slices import slice_through
from lamina.studies import perceptron_inside

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.legend import Legend
    from matplotlib.text import Text
    from sklearn.base import BaseEstimator

    from lamina.training.callbacks import Snapshots

# Sizes of markers, in points squared; with more samples, they are smaller.
FULL_SIZE, LEAST_SIZE, MOST_POINTS_OF_FULL_SIZE = 32.0, 8.0, 150


class DecisionRegionDisplay:
    """The decision regions of a classifier in a plane, with its probabilities.

    Each shade has the colour of the likeliest class, more opaque for a higher probability; lines
    mark the decision boundaries. For a regressor, shades show its prediction.

    Use `from_estimator` to create one.

    Parameters
    ----------
    answers : array-like of shape (n_vertical, n_horizontal, n_classes)
        Probability of each class at the points of a grid; for a regressor its prediction, of shape
        (n_vertical, n_horizontal).
    horizontal, vertical : array-like of shape (n_horizontal,) and (n_vertical,)
        Grid points along each axis.
    axis_names : tuple of two str
    class_names : sequence of str, optional
    positions : array-like of shape (n_samples, 2), optional
        Positions of samples.
    y : array-like of shape (n_samples,), optional
        Class of each sample, as its position in `class_names`, or the target of a regressor.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
    image_ : AxesImage
        The shades.
    boundaries_ : list of QuadContourSet
        Lines along which a class and the likeliest other one are equally likely; empty for a
        regressor.
    points_ : list of PathCollection
        The samples, one collection per class, or a single one.
    region_names_ : list of Text
    legend_ : Legend or None

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : For any model with two features.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import DecisionRegionDisplay
    >>> iris = load_iris(as_frame=True)
    >>> model = MLPClassifier((8,), solver="lbfgs", max_iter=1000, random_state=0)
    >>> model = model.fit(iris.data, iris.target)
    >>> display = DecisionRegionDisplay.from_estimator(
    ...     model, iris.data, iris.target, features=("petal length (cm)", "petal width (cm)")
    ... )
    >>> display.ax_.get_xlabel(), len(display.points_)
    ('petal length (cm)', 3)
    """

    ax_: Axes
    figure_: Figure
    image_: AxesImage
    boundaries_: list[QuadContourSet]
    points_: list[PathCollection]
    region_names_: list[Text]
    legend_: Legend | None

    def __init__(
        self,
        *,
        answers: ArrayLike,
        horizontal: ArrayLike,
        vertical: ArrayLike,
        axis_names: Sequence[str],
        class_names: Sequence[str] | None = None,
        positions: ArrayLike | None = None,
        y: ArrayLike | None = None,
    ) -> None:
        self.answers = np.asarray(answers, dtype=np.float64)
        self.horizontal, self.vertical = np.asarray(horizontal), np.asarray(vertical)
        self.axis_names = tuple(axis_names)
        self.class_names = None if class_names is None else list(class_names)
        self.positions = None if positions is None else np.asarray(positions)
        self.y = None if y is None else np.asarray(y)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable = None,
        *,
        features: Sequence[int | str] | None = None,
        along: str = "features",
        grid_resolution: int = 200,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the decision regions of a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            Pipelines and searches predict as a whole, so X is their input.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            Samples that define the range of the plane.
        y : array-like of shape (n_samples,), optional
            Classes of the samples; without them the samples are not drawn.
        features : two of int or str, optional
            Features that span the plane, by number or by name; the others stay at their median. Not
            needed for two features.
        along : {'features', 'principal components'}, default='features'
            'principal components' works for any number of features: the plane is spanned by the
            first two principal components of the standardised samples.
        grid_resolution : int, default=200
            Number of points along each axis.
        feature_names, class_names : sequence of str, optional
            By default those of the data frame, and the labels.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        DecisionRegionDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            If there are more than two features and no two are chosen, or several columns of labels.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        model = perceptron_inside(estimator).model
        plane = slice_through(X, 2, features, along, feature_names)
        answer = build_answers(estimator, model)
        axes, points = plane.grid(grid_resolution)
        shape = (grid_resolution, grid_resolution)
        answers = answer(plane.rows(points))
        display = cls(
            answers=answers.reshape(*shape, *answers.shape[1:]),
            horizontal=axes[0],
            vertical=axes[1],
            axis_names=plane.names,
            class_names=names_of_classes(model, class_names) if is_classifier(model) else None,
            positions=None if y is None else plane.positions,
            y=None if y is None else targets_as_drawn(model, y, len(plane.positions)),
        )
        return display.plot(ax)

    @classmethod
    def animate(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable = None,
        *,
        snapshots: Snapshots,
        path: str | os.PathLike[str] | None = None,
        features: Sequence[int | str] | None = None,
        along: str = "features",
        grid_resolution: int = 120,
        frames_per_second: int = 12,
        max_frames: int = 150,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> FuncAnimation:
        """Create a film of the regions over the epochs of the fit.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier with `snapshots` among its callbacks.
        X, y, features, along, grid_resolution, feature_names, class_names, ax
            As in `from_estimator`.
        snapshots : lamina.training.callbacks.Snapshots
            Snapshots of the fit: `MLPClassifier(callbacks=snapshots)`.
        path : str or path-like, optional
            File to write: a .gif, or an .mp4 if ffmpeg is installed. If writing takes over two
            seconds, a line on standard error shows the progress.
        frames_per_second : int, default=12
        max_frames : int, default=150
            Maximum number of frames; of more snapshots, evenly spaced ones are shown.

        Returns
        -------
        matplotlib.animation.FuncAnimation
            Its `to_jshtml()` plays it in a notebook; its `save` writes it.

        Raises
        ------
        ValueError
            As in `from_estimator`; also for a regressor, for snapshots that are empty or of another
            network, and for a path with another suffix.
        RuntimeError
            For .mp4 if ffmpeg is not installed.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from sklearn.datasets import make_moons
        >>> from lamina import MLPClassifier
        >>> from lamina.training.callbacks import Snapshots
        >>> X, y = make_moons(100, noise=0.1, random_state=0)
        >>> snapshots = Snapshots(every=50)
        >>> model = MLPClassifier((8,), max_iter=100, n_iter_no_change=100, callbacks=snapshots)
        >>> model = model.set_params(random_state=0, learning_rate="cosine").fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "moons.gif")
        ...     film = DecisionRegionDisplay.animate(
        ...         model, X, y, snapshots=snapshots, path=path, frames_per_second=1
        ...     )
        ...     path.stat().st_size > 0
        True
        """
        require_matplotlib(cls)
        goal = film_path(path)
        inside = perceptron_inside(estimator)
        check_film_inputs(inside.model, snapshots)
        display = cls.from_estimator(
            estimator,
            X,
            y,
            features=features,
            along=along,
            grid_resolution=grid_resolution,
            feature_names=feature_names,
            class_names=class_names,
            ax=ax,
        )
        _, points = (plane := slice_through(X, 2, features, along)).grid(grid_resolution)
        film = RegionFilm(display, snapshots, inside.rows(plane.rows(points)), max_frames)
        animation = film.animation(frames_per_second)
        if goal is not None:
            write_film(animation, goal, frames_per_second)
        return animation

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the regions; parameters as in `from_estimator`."""
        self.ax_ = new_axes(self) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        self.boundaries_, self.region_names_, self.legend_ = [], [], None
        self.points_ = []
        if self.class_names is None:
            self._plot_numbers()
        else:
            self._plot_classes(self.class_names)
        self.ax_.set(xlabel=self.axis_names[0], ylabel=self.axis_names[1])
        self.ax_.set(xlim=self.horizontal[[0, -1]], ylim=self.vertical[[0, -1]])
        return self

    def show(self, answers: NDArray[np.float64]) -> None:
        """Replace the drawn probabilities by others of shape (n_points, n_classes)."""
        self.answers = answers.reshape(self.answers.shape)
        self.image_.set_data(shades(self.answers))
        for line in self.boundaries_:
            line.remove()
        self.boundaries_ = [*self._boundaries()]

    def _plot_classes(self, names: list[str]) -> None:
        self.image_ = self._show(shades(self.answers))
        self.boundaries_ = [*self._boundaries()]
        # A region needs a name if colours repeat, or if no markers show the classes.
        if len(names) > len(CYCLE) or self.y is None:
            self.region_names_ = [*self._region_names(names)]
        if self.positions is not None and self.y is not None:
            for k in range(len(names)):
                self.points_.append(self._scatter(self.y == k, k))
            placement: Style = {
                "loc": "upper left",
                "bbox_to_anchor": (1.01, 1),
                "borderaxespad": 0,
            }
            self.legend_ = self.ax_.legend(self.points_, names, frameon=False, **placement)
            for handle in self.legend_.legend_handles:
                cast("PathCollection", handle).set_sizes([FULL_SIZE])

    def _plot_numbers(self) -> None:
        """Draw a regressor's prediction, and the targets in the same colours."""
        values = self.answers if self.y is None else np.append(self.answers, self.y)
        span: Style = {"cmap": LOSS_COLOURS, "vmin": values.min(), "vmax": values.max()}
        self.image_ = self._show(self.answers, **span)
        if self.positions is not None and self.y is not None:
            everyone = np.ones(len(self.y), bool)
            self.points_.append(self._scatter(everyone, 0, c=self.y, **span))
        self.figure_.colorbar(self.image_, ax=self.ax_, label="prediction")

    def _show(self, image: AnyArray, **colours: StyleValue) -> AxesImage:
        halves = [np.ptp(axis) / (len(axis) - 1) / 2 for axis in (self.horizontal, self.vertical)]
        extent = [
            edge
            for axis, half in zip((self.horizontal, self.vertical), halves, strict=True)
            for edge in (axis[0] - half, axis[-1] + half)
        ]
        place: Style = {"origin": "lower", "extent": extent, "aspect": "auto", "zorder": 0}
        return self.ax_.imshow(image, interpolation="bilinear", **place, **colours)

    def _boundaries(self) -> Iterator[QuadContourSet]:
        """Draw the line along which each class but the last equals the likeliest other one."""
        for k in range(self.answers.shape[-1] - 1):
            margin = self.answers[..., k] - np.delete(self.answers, k, axis=-1).max(axis=-1)
            if margin.min() < 0 < margin.max():
                line: Style = {"colors": [foreground()], "linewidths": 1.2, "zorder": 1}
                yield self.ax_.contour(self.horizontal, self.vertical, margin, levels=[0], **line)

    def _region_names(self, names: Sequence[str]) -> Iterator[Text]:
        """Write the name of each class where its region is widest."""
        likeliest, colours = self.answers.argmax(axis=-1), shades(self.answers)
        style: Style = {"ha": "center", "va": "center", "weight": "bold", "zorder": 3}
        for k, name in enumerate(names):
            if (place := deepest_point(likeliest == k)) is not None:
                x, y = float(self.horizontal[place[1]]), float(self.vertical[place[0]])
                yield self.ax_.text(x, y, name, color=readable_on(colours[place]), **style)

    def _scatter(self, chosen: NDArray[np.bool_], k: int, **colours: StyleValue) -> PathCollection:
        assert self.positions is not None
        x, y = self.positions[chosen].T
        size = FULL_SIZE * min(1.0, MOST_POINTS_OF_FULL_SIZE / max(1, len(self.positions))) ** 0.5
        return self.ax_.scatter(
            x,
            y,
            s=max(LEAST_SIZE, size),
            marker=MARKERS[k % len(MARKERS)],
            edgecolors=foreground(),
            linewidths=0.6,
            zorder=2,
            **(colours or {"color": CYCLE[k % len(CYCLE)]}),
        )
