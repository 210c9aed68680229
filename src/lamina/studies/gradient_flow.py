"""The flow of gradients: its norm at the weights of each layer, by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lamina.estimators.data_frames import pandas_or
from lamina.network import ParameterLayout
from lamina.studies.loss_of_parameters import loss_of_parameters, snapshots_of
from lamina.training.callbacks import Snapshots

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class GradientFlow:
    """What `gradient_flow` gives.

    Attributes
    ----------
    layers : tuple of str
        'hidden_1', …, 'output'.
    epochs : tuple of int
        When it was measured.
    norms : ndarray of shape (n_epochs, n_layers)
        ‖dL/dW‖, the square root of the sum over the layer's weights.
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
        """The norms as a data frame, a row an epoch and a column a layer.

        Raises
        ------
        ImportError
            Where pandas is missing.
        """
        pandas = pandas_or("norms")
        epochs = pandas.Index(self.epochs, name="epoch")
        return pandas.DataFrame(self.norms, index=epochs, columns=[*self.layers])


def gradient_flow(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    snapshots: Snapshots | None = None,
) -> GradientFlow:
    """The norm of the loss's gradient at each layer's weights, over all of the rows given.

    Without the penalty, whose own gradient would hide how little of the loss's comes through;
    without dropout and noise.

    Parameters
    ----------
    estimator : estimator
        A fitted perceptron, lamina's or scikit-learn's, or what holds one.
    X, y : array-like
        Rows and targets as the estimator's fit takes them.
    sample_weight : array-like of shape (n_samples,), optional
    snapshots : Snapshots, optional
        The epochs to measure at; by default those that a `Snapshots` among the model's callbacks
        has kept, else the model as it is.

    Returns
    -------
    GradientFlow

    Raises
    ------
    NotFittedError
        For an estimator that has not been fitted.
    TypeError
        For one without a perceptron in it.

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
        snapshots = snapshots_of(estimator)
    epochs, moments = [int(loss.model.n_iter_)], [loss.parameters]
    if snapshots is not None:
        epochs, moments = snapshots.epochs, snapshots.parameters
    weights_of = ParameterLayout.from_spec(loss.spec).views
    norms, sizes = [], []
    for parameters in moments:
        _, gradient = loss.evaluate(parameters.astype(np.float64))
        norms.append([np.linalg.norm(W) for W in weights_of(gradient).weights])
        sizes.append([np.linalg.norm(W) for W in weights_of(parameters).weights])
    layers = tuple(block.name for block in loss.spec.blocks)
    return GradientFlow(layers, tuple(epochs), np.array(norms), np.array(sizes, dtype=np.float64))
