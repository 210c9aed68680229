"""Fitted models as PyTorch's modules and back; PyTorch itself is imported when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from lamina.export.fitted_model import fitted_model
from lamina.export.fitted_network import fitted_network

if TYPE_CHECKING:
    from torch import nn


def to_torch(model: Any, *, logits: bool = False) -> nn.Sequential:
    """A fitted model as a module of PyTorch's.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted.
    logits : bool, default=False
        Whether the module ends before the inverse link: what `CrossEntropyLoss` and
        `BCEWithLogitsLoss` take, to train it further; in a list, where there are several columns of
        labels. By default it gives predictions.

    Returns
    -------
    torch.nn.Sequential
        In evaluation mode, with a copy of the weights in their dtype. Its modules are named after
        the blocks: 'hidden_1', 'hidden_1_activation', …, 'output', 'inverse_link'; a block that
        adds what it takes in is one module of its own. Noise on the inputs, which PyTorch has no
        module for and predictions do not have, is left out. From rows (n_samples, n_features) it
        gives (n_samples, n_outputs): a regressor's prediction, or a classifier's probabilities; of
        two classes, the second one's alone. After loss='gaussian_nll' it gives means and standard
        deviations, a tuple of two such tensors, and for several columns of labels a list with a
        tensor for each. What a `precision` rounds is rounded in the products of `RoundedLinear`
        modules.

    Raises
    ------
    ExportError
        For a parameter that PyTorch has no word for; the message names it.
    ImportError
        Where PyTorch is missing.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For anything that is no MLPClassifier or MLPRegressor.

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
    network = fitted_network(model)
    try:
        from lamina.export.pytorch import sequential
    except ImportError as error:
        raise _missing("to_torch") from error
    return sequential(network, logits)


def from_torch(module: nn.Module, *, classes: ArrayLike | None = None) -> Any:
    """A perceptron of PyTorch's as a fitted MLPClassifier or MLPRegressor.

    What it becomes follows from its end: Softmax, LogSoftmax or Sigmoid make a classifier, an exp
    a regressor with loss='poisson', all else a regressor, or a classifier where `classes` are
    given. Sigmoids of several outputs are labels of their own (multilabel). What `to_torch` makes
    of several columns of labels, of loss='gaussian_nll' and of a precision is read as well.

    Parameters
    ----------
    module : torch.nn.Module
        A Sequential of Linear, BatchNorm1d or LayerNorm, activations and Dropout, also nested; or
        what `to_torch` made. It stays as it is.
    classes : array-like of shape (n_classes,) or list of these, optional
        The label of each output; for a single output, the labels of 0 and 1. By default 0, 1, …
        A list of labels for each of several columns of them shares out the outputs in that order.

    Returns
    -------
    MLPClassifier or MLPRegressor
        Fitted, with its own copy of the weights, and otherwise with default parameters.
        `partial_fit`, and `fit` with warm_start=True, go on from there.

    Raises
    ------
    ExportError
        For a layer that lamina has no word for, the message names the first; for `classes` that do
        not fit the outputs.
    ImportError
        Where PyTorch is missing.
    TypeError
        For what is no module.

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
        from lamina.export.pytorch import network_in
    except ImportError as error:
        raise _missing("from_torch") from error
    return fitted_model(*network_in(module), classes)


def _missing(function: str) -> ImportError:
    return ImportError(f'{function} needs PyTorch: pip install "lamina[torch]"')
