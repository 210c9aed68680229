"""Draw samples as images with a classifier's predictions and their probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import is_classifier

from lamina.encoding.frames import ArrayOrTable
from lamina.formulas.table import AnyArray
from lamina.plots.axes import Style, require_matplotlib
from lamina.plots.choices import chosen
from lamina.plots.colours import NEGATIVE, NEGATIVE_STYLE, background, foreground
from lamina.plots.names import class_names as names_of_classes
from lamina.plots.panels import axes_for_panels, panels_in, subfigure_in
from lamina.studies import perceptron_inside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from sklearn.base import BaseEstimator

WHICH = ("first", "wrong", "least sure")
# Ratio of width to height of the grid of images.
WIDE = 1.6
FRAME_POINTS = 2.0


class ImagesDisplay:
    """Samples as images, with the predicted class, its probability and the true class.

    A wrong prediction has a cross, a dashed frame and both classes.

    Use `from_estimator` to create one, or `from_predictions` for existing predictions.

    Parameters
    ----------
    images : array-like of shape (n_images, height, width) or (n_images, height, width, 3)
        A single channel is drawn from the background colour (lowest value) to the foreground
        colour.
    predicted : sequence of str
        Predicted class of each image.
    true : sequence of str, optional
        True class of each image.
    confidence : array-like of shape (n_images,), optional
        Probability of the predicted class.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        The Axes whose area contains the images.
    axes_ : list of Axes
        One for each image.
    images_ : list of AxesImage
    is_wrong_ : ndarray of bool of shape (n_images,)

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from lamina import MLPClassifier
    >>> from lamina.plots import ImagesDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = MLPClassifier((32,), tol=0.01, random_state=0).fit(X[:1000] / 16, y[:1000])
    >>> display = ImagesDisplay.from_estimator(model, X[1000:] / 16, y[1000:], n_images=10)
    >>> len(display.axes_), display.images_[0].get_array().shape
    (10, (8, 8))
    """

    ax_: Axes
    figure_: Figure
    axes_: list[Axes]
    images_: list[AxesImage]
    is_wrong_: NDArray[np.bool_]

    def __init__(
        self,
        *,
        images: ArrayLike,
        predicted: Sequence[str],
        true: Sequence[str] | None = None,
        confidence: ArrayLike | None = None,
    ) -> None:
        self.images = np.asarray(images)
        self.predicted = list(predicted)
        self.true = None if true is None else list(true)
        self.confidence = None if confidence is None else np.asarray(confidence)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayOrTable,
        y: ArrayOrTable = None,
        *,
        image_shape: Sequence[int] | None = None,
        n_images: int = 20,
        which: str = "first",
        class_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw images with the predictions of a fitted perceptron of lamina or scikit-learn.

        Parameters
        ----------
        estimator : estimator
            A classifier; pipelines and searches predict as a whole.
        X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
            One image per row, its pixels line by line.
        y : array-like of shape (n_samples,), optional
            True classes.
        image_shape : tuple (height, width) or (height, width, 3), optional
            By default a square.
        n_images : int, default=20
            Number of images to draw.
        which : {'first', 'wrong', 'least sure'}, default='first'
            Images to draw: the first samples, the first wrong predictions, or the samples whose
            predicted class has the lowest probability.
        class_names : sequence of str, optional
            By default the labels.
        ax : matplotlib Axes, default=None
            Axes whose area contains the images; by default those of a new figure.

        Returns
        -------
        ImagesDisplay
            The drawn display.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator contains no perceptron.
        ValueError
            For a regressor or several columns of labels, for samples that are not square without
            `image_shape`, and for which='wrong' without y or without a wrong prediction.
        ImportError
            If matplotlib is not installed.
        """
        require_matplotlib(cls)
        model = perceptron_inside(estimator).model
        _reject_other_tasks(model)
        if chosen("which", which, WHICH) == "wrong" and y is None:
            raise ValueError("which='wrong' needs y, the true classes")
        labels = dict(
            zip(model.classes_.tolist(), names_of_classes(model, class_names), strict=True)
        )
        truth = None if y is None else np.asarray(y)
        table = X if hasattr(X, "shape") else np.asarray(X)
        rows = table[:n_images] if which == WHICH[0] else table
        answers = _Answers.from_estimator(
            estimator, rows, None if truth is None else truth[: rows.shape[0]]
        )
        shown = answers.chosen(which, n_images)
        display = cls(
            images=reshape_images(rows, shown, image_shape),
            predicted=[labels[label] for label in answers.predicted[shown].tolist()],
            true=None if truth is None else [str(labels.get(t, t)) for t in truth[shown].tolist()],
            confidence=answers.confidence[shown],
        )
        return display.plot(ax)

    @classmethod
    def from_predictions(
        cls,
        images: ArrayLike,
        y_pred: ArrayLike,
        *,
        y_true: ArrayLike | None = None,
        confidence: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw images with existing predictions.

        Parameters
        ----------
        images : array-like of shape (n_images, height, width) or (n_images, height, width, 3)
        y_pred : array-like of shape (n_images,)
        y_true : array-like of shape (n_images,), optional
        confidence : array-like of shape (n_images,), optional
            Probability of the predicted class.
        ax : matplotlib Axes, default=None

        Returns
        -------
        ImagesDisplay
            The drawn display.
        """
        true = None if y_true is None else [*map(str, np.asarray(y_true).tolist())]
        predicted = [*map(str, np.asarray(y_pred).tolist())]
        display = cls(images=images, predicted=predicted, true=true, confidence=confidence)
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the images; parameters as in `from_estimator`."""
        n_images = len(self.images)
        n_columns = min(n_images, math.ceil(math.sqrt(WIDE * n_images)))
        counts = [min(n_columns, n_images - k) for k in range(0, n_images, n_columns)]
        self.ax_ = axes_for_panels(self, len(counts), n_columns) if ax is None else ax
        self.figure_ = self.ax_.get_figure(root=True)  # type: ignore[assignment]
        room = subfigure_in(self.ax_)
        grid = room.add_gridspec(len(counts), n_columns)
        self.axes_ = [panel for row in panels_in(room, grid, counts) for panel in row]
        self.is_wrong_ = np.zeros(n_images, bool)
        if self.true is not None:
            self.is_wrong_ = np.array(self.predicted) != np.array(self.true)
            n_right = n_images - np.count_nonzero(self.is_wrong_)
            room.suptitle(f"{n_right:,} of {n_images:,} right", fontsize="medium")
        self.images_ = [self._image(k) for k in range(n_images)]
        return self

    def _image(self, k: int) -> AxesImage:
        from matplotlib.colors import LinearSegmentedColormap

        panel = self.axes_[k]
        paper_to_ink = LinearSegmentedColormap.from_list("ink", [background(), foreground()])
        span: Style = {"vmin": float(self.images.min()), "vmax": float(self.images.max())}
        image = panel.imshow(self.images[k], cmap=paper_to_ink, **span)
        panel.set_title(self._title(k), fontsize="small", pad=4, linespacing=1.1)
        for spine in panel.spines.values():
            spine.set_alpha(None if self.is_wrong_[k] else 0.3)
            if self.is_wrong_[k]:
                spine.set(edgecolor=NEGATIVE, linewidth=FRAME_POINTS, linestyle=NEGATIVE_STYLE)
        return image

    def _title(self, k: int) -> str:
        sure = "" if self.confidence is None else f"  {100 * self.confidence[k]:.0f} %"
        if not self.is_wrong_[k] or self.true is None:
            return f"{self.predicted[k]}{sure}"
        return f"✗ {self.predicted[k]}{sure}\nis {self.true[k]}"


@dataclass(frozen=True)
class _Answers:
    """The predictions of a classifier for some samples, and the selection of images."""

    predicted: AnyArray
    confidence: NDArray[np.float64]
    true: AnyArray | None

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, rows: ArrayOrTable, true: AnyArray | None
    ) -> _Answers:
        if true is not None and true.shape != (rows.shape[0],):
            raise ValueError(f"y of shape {true.shape} does not match X of {rows.shape[0]} rows")
        predicted = np.asarray(estimator.predict(rows))
        places = np.searchsorted(estimator.classes_, predicted)
        probabilities = np.asarray(estimator.predict_proba(rows))
        return cls(predicted, probabilities[np.arange(len(predicted)), places], true)

    def chosen(self, which: str, n_images: int) -> NDArray[np.int64]:
        """Return the positions of the samples to draw."""
        if which == "wrong":
            wrong = np.flatnonzero(self.predicted != self.true)
            if not len(wrong):
                raise ValueError(f"which='wrong': all {len(self.predicted):,} rows are right")
            return wrong[:n_images]
        if which == "least sure":
            return np.argsort(self.confidence, kind="stable")[:n_images]
        return np.arange(min(n_images, len(self.predicted)))


def reshape_images(
    rows: ArrayOrTable, shown: NDArray[np.int64], shape: Sequence[int] | None
) -> AnyArray:
    """Return the chosen samples as images."""
    if hasattr(rows, "iloc"):
        pixels = rows.iloc[shown].to_numpy()
    else:
        pixels = rows[shown].toarray() if sparse.issparse(rows) else np.asarray(rows)[shown]
    n_pixels = pixels.shape[1]
    side = math.isqrt(n_pixels)
    if shape is None and side**2 != n_pixels:
        raise ValueError(
            f"a sample of {n_pixels} pixels is not square: give image_shape=(height, width)"
        )
    shape = (side, side) if shape is None else tuple(shape)
    if math.prod(shape) != n_pixels:
        raise ValueError(
            f"image_shape={shape} has {math.prod(shape)} pixels, but a row of X has {n_pixels}"
        )
    return np.reshape(pixels, (-1, *shape))


def _reject_other_tasks(model: BaseEstimator) -> None:
    if not is_classifier(model):
        raise ValueError("estimator is a regressor, but images are shown with predicted classes")
    if vars(model).get("_target_kind") in ("multilabel", "multioutput"):
        raise ValueError(
            "the model predicts several labels per sample, but an image is shown with one: use "
            "from_predictions with one column of predict(X)"
        )
