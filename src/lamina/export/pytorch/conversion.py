"""Conversion between fitted models and PyTorch modules; imports PyTorch only when called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.export.lowering.models import lower_network
from lamina.export.pytorch.fitted_model import fitted_model

if TYPE_CHECKING:
    from torch import nn


def to_torch(model: BaseEstimator, *, logits: bool = False) -> nn.Sequential:
    """Return a fitted model as a PyTorch module.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted.
    logits : bool, default=False
        If True, the module ends before the inverse link and returns logits, as `CrossEntropyLoss`
        and `BCEWithLogitsLoss` require for further training; for several columns of labels, a list
        of logits. By default it returns predictions.

    Returns
    -------
    torch.nn.Sequential
        In evaluation mode, with a copy of the weights in their dtype. Its modules are named after
        the blocks: 'hidden_1', 'hidden_1_activation', …, 'output', 'inverse_link'; a residual
        block is a single module. Input noise is omitted, because it does not affect predictions
        and PyTorch has no module for it. For inputs (n_samples, n_features) the output has shape
        (n_samples, n_outputs): a regressor's prediction, or a classifier's probabilities, for two
        classes only the second one's. After loss='gaussian_nll' it is a tuple of two such tensors,
        means and standard deviations; for several columns of labels, a list with one tensor each.
        With a `precision`, `RoundedLinear` modules round the operands of products.

    Raises
    ------
    ExportError
        For a parameter that PyTorch does not support; the message names it.
    ImportError
        If PyTorch is missing.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For any other object.

    Examples
    --------
    >>> import lamina, torch
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier((8,), "tanh", solver="lbfgs", max_iter=500, random_state=0)
    >>> module = lamina.to_torch(model.fit(X, y))
    >>> module
    Sequential(
      (hidden_1): Linear(in_features=4, out_features=8, bias=True)
      (hidden_1_activation): Tanh()
      (output): Linear(in_features=8, out_features=3, bias=True)
      (inverse_link): Softmax(dim=1)
    )
    >>> with torch.no_grad():
    ...     p = module(torch.from_numpy(X)).numpy()
    >>> bool(abs(p - model.predict_proba(X)).max() < 1e-12)
    True
    """
    program = lower_network(model, trains=True)
    try:
        from lamina.export.pytorch.sequential import sequential
    except ImportError as error:
        raise _missing("to_torch") from error
    return sequential(program, logits)


def from_torch(
    module: nn.Module, *, classes: ArrayLike | None = None
) -> MLPClassifier | MLPRegressor:
    """Return a PyTorch perceptron as a fitted MLPClassifier or MLPRegressor.

    The last layer determines the model: Softmax, LogSoftmax or Sigmoid give a classifier, an exp
    gives a regressor with loss='poisson', and any other layer a regressor, or a classifier if
    `classes` are given. A Sigmoid with several outputs gives a multilabel classifier. Modules that
    `to_torch` created for several columns of labels, loss='gaussian_nll' or a precision are
    supported, too.

    Parameters
    ----------
    module : torch.nn.Module
        A Sequential of Linear, BatchNorm1d or LayerNorm, activations and Dropout, also nested; or
        a module created by `to_torch`. It is not modified.
    classes : array-like of shape (n_classes,) or list of these, optional
        Label of each output; for a single output, the labels of 0 and 1. By default 0, 1, … A
        list of arrays assigns the outputs, in order, to several columns of labels.

    Returns
    -------
    MLPClassifier or MLPRegressor
        Fitted, with a copy of the weights and otherwise default parameters. `partial_fit`, and
        `fit` with warm_start=True, continue from these weights.

    Raises
    ------
    ExportError
        For a layer that lamina does not support (the message names the first one), and for
        `classes` that do not match the outputs.
    ImportError
        If PyTorch is missing.
    TypeError
        For an object that is not a module.

    Examples
    --------
    >>> import lamina, torch
    >>> from torch import nn
    >>> module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    >>> model = lamina.from_torch(module, classes=["setosa", "versicolor", "virginica"])
    >>> model
    MLPClassifier(activation='tanh', hidden_layer_sizes=(8,))
    >>> X = torch.rand(5, 4)
    >>> p = torch.softmax(module(X), 1).detach().numpy()
    >>> bool(abs(p - model.predict_proba(X.numpy())).max() < 1e-6)
    True
    """
    try:
        from lamina.export.pytorch.reading import network_in
    except ImportError as error:
        raise _missing("from_torch") from error
    return fitted_model(*network_in(module), classes)


def _missing(function: str) -> ImportError:
    return ImportError(f'{function} needs PyTorch: pip install "lamina[torch]"')
