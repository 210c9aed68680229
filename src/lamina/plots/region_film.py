"""Create a film of decision regions over the epochs of a fit."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from lamina.plots.progress import CountProgress
from lamina.significant import significant

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from lamina.estimators.perceptron import Perceptron
    from lamina.training.callbacks import Snapshots

ENDINGS = (".gif", ".mp4")


class FilmedDisplay(Protocol):
    """The part of a DecisionRegionDisplay that a film draws again in every frame."""

    ax_: Axes
    figure_: Figure
    image_: AxesImage
    boundaries_: list[QuadContourSet]

    def show(self, answers: NDArray[np.float64]) -> None:
        """Replace shades and boundaries by those of other predictions."""


class RegionFilm:
    """The frames of a film, each showing the regions after one epoch.

    Parameters
    ----------
    display : DecisionRegionDisplay
        A drawn display, whose shades and lines change from frame to frame.
    snapshots : Snapshots
    rows : array-like of shape (n_vertical * n_horizontal, n_inputs)
        Points of the grid in the network's input space.
    max_frames : int
    """

    def __init__(
        self,
        display: FilmedDisplay,
        snapshots: Snapshots,
        rows: NDArray[np.float64],
        max_frames: int,
    ) -> None:
        self.display, self.snapshots, self.rows = display, snapshots, rows
        places = np.linspace(0, len(snapshots) - 1, min(max_frames, len(snapshots)))
        self.places = [int(place) for place in places.round()]

    def show(self, frame: int) -> list[Artist]:
        """Draw one frame and return the changed artists."""
        place = self.places[min(frame, len(self.places) - 1)]
        epoch, loss = self.snapshots.epochs[place], self.snapshots.losses[place]
        answers = self.snapshots.get_model(epoch).predict_proba(self.rows)
        self.display.show(answers)
        suffix = "" if math.isnan(loss) else f", loss {significant(loss)}"
        title = self.display.ax_.set_title(f"epoch {epoch:,}{suffix}")
        return [self.display.image_, *self.display.boundaries_, title]

    def animation(self, frames_per_second: int) -> FuncAnimation:
        """Return the film; it holds its last frame for a second."""
        from matplotlib.animation import FuncAnimation

        self.show(0)
        # Freeze the layout after the first drawing, as computing it takes longer than a frame.
        self.display.figure_.canvas.draw()
        self.display.figure_.set_layout_engine("none")
        return FuncAnimation(
            self.display.figure_,
            self.show,
            frames=len(self.places) + frames_per_second,
            init_func=lambda: (),
            interval=1000 / frames_per_second,
        )


def write_film(film: FuncAnimation, path: Path, frames_per_second: int) -> None:
    """Write a film as GIF or MP4, and show the progress if it takes long."""
    from matplotlib.animation import writers

    writer = writers["pillow" if path.suffix.lower() == ENDINGS[0] else "ffmpeg"]
    with CountProgress("frame") as line:
        film.save(
            path,
            writer=writer(fps=frames_per_second),
            progress_callback=lambda frame, n_frames: line.show(frame + 1, n_frames),
        )


def film_path(path: str | os.PathLike[str] | None) -> Path | None:
    """Check the path of a film before drawing starts.

    Raises
    ------
    ValueError
        For a suffix other than .gif and .mp4.
    RuntimeError
        For .mp4 if ffmpeg is not installed.
    """
    if path is None:
        return None
    from matplotlib.animation import writers

    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"path={str(path)!r} must end in one of {', '.join(ENDINGS)}")
    if path.suffix.lower() == ENDINGS[1] and not writers.is_available("ffmpeg"):
        raise RuntimeError(
            f"path={str(path)!r} needs ffmpeg, which is not found: install it, or write a .gif"
        )
    return path


def check_film_inputs(model: Perceptron, snapshots: Snapshots) -> None:
    """Raise ValueError for a model or snapshots that cannot be filmed."""
    if not is_classifier(model):
        raise ValueError("estimator is a regressor, but a film shows the regions of classes")
    if not len(snapshots):
        raise ValueError(
            "snapshots is empty: pass it as callbacks= to the perceptron and call fit, with a "
            "minibatch solver"
        )
    shown, kept = model, snapshots.get_model(-1)
    if [each.shape for each in shown.coefs_] != [each.shape for each in kept.coefs_]:
        raise ValueError(
            "snapshots belong to another network than estimator: give the one that they were taken "
            "of"
        )
