"""Gradient flow: the norm of the gradient at the weights of each layer, by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.frames import ArrayOrTable, pandas_or
from lamina.studies.loss_of_parameters import find_snapshots, loss_of_parameters
from lamina.training.callbacks import Snapshots

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class GradientFlow:
    """Result of `gradient_flow`.

    Attributes
    ----------
    layers : tuple of str
        'hidden_1', …, 'output'.
    epochs : tuple of int
        Epochs of the measurements.
    norms : ndarray of shape (n_epochs, n_layers)
        ‖dL/dW‖, the square root of the sum of squares over the layer's weights.
    weights : ndarray of shape (n_epochs, n_layers)
        ‖W‖.
    """

    layers: tuple[str, ...]
    epochs: tuple[int, ...]
    norms: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def relative(self) -> NDArray[np.float64]:
        """‖dL/dW‖ / ‖W‖, of shape (n_epochs, n_layers)."""
        return self.norms / self.weights

    def to_frame(self) -> pd.DataFrame:
        """Return the norms as a data frame with a row per epoch and a column per layer.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = pandas_or("norms")
        epochs = pandas.Index(self.epochs, name="epoch")
        return pandas.DataFrame(self.norms, index=epochs, columns=[*self.layers])


def gradient_flow(
    estimator: BaseEstimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayOrTable = None,
    *,
    snapshots: Snapshots | None = None,
) -> GradientFlow:
    """Compute the norm of the loss gradient at each layer's weights, over all given samples.

    The penalty is left out, as its gradient would hide a vanishing gradient of the loss; so are
    dropout and noise.

    Parameters
    ----------
    estimator : estimator
        A fitted perceptron of lamina or scikit-learn, or an estimator that contains one.
    X, y : array-like
        Samples and targets as for the estimator's `fit`.
    sample_weight : array-like of shape (n_samples,), optional
    snapshots : Snapshots, optional
        Epochs to measure; by default those stored by a `Snapshots` among the model's callbacks, or
        else only the fitted model.

    Returns
    -------
    GradientFlow

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator contains no perceptron.

    References
    ----------
    Hochreiter 1991, Untersuchungen zu dynamischen neuronalen Netzen; Glorot, Bengio 2010,
    Understanding the difficulty of training deep feedforward neural networks, figures 7 and 8.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.studies import gradient_flow
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,) * 6, "logistic", tol=1, random_state=0).fit(X, y)
    >>> flow = gradient_flow(model, X, y)
    >>> flow.layers[0], flow.layers[-1]
    ('hidden_1', 'output')
    >>> bool(flow.norms[-1, 0] < 1e-3 * flow.norms[-1, -1])
    True
    """
    loss = loss_of_parameters(estimator, X, y, sample_weight, penalised=False)
    if snapshots is None:
        snapshots = find_snapshots(estimator)
    epochs, points = [int(loss.model.n_iter_)], [loss.network.parameters]
    if snapshots is not None:
        epochs, points = snapshots.epochs, snapshots.parameters
    weights_of = loss.network.layout.views
    norms, sizes = [], []
    for parameters in points:
        _, gradient = loss.evaluate(parameters.astype(np.float64))
        norms.append([np.linalg.norm(W) for W in weights_of(gradient).weights])
        sizes.append([np.linalg.norm(W) for W in weights_of(parameters).weights])
    layers = tuple(block.name for block in loss.network.spec.weighted_blocks)
    return GradientFlow(layers, tuple(epochs), np.array(norms), np.array(sizes, dtype=np.float64))
