"""Export of a fitted model, with its preprocessing, to a Python file that needs only NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.encoding import TargetEncoding
from lamina.export.lowering.fitted_network import ENSEMBLES, FittedNetwork
from lamina.export.lowering.models import lower
from lamina.export.lowering.program import Program
from lamina.export.python.code import block_lines, function_code, head, labels_code
from lamina.export.python.table import array_text, encoding_code

MATRIX = """

NaN is a missing number where the model was fitted with an imputer."""
FORWARD = """


def _forward(X):
{take}
    if not np.isfinite({a}).all():
        raise ValueError("X holds infinity or NaN")
{layers}
    return {result}
"""
TAKE_MATRIX = """\
    X = np.asarray(X, dtype="{dtype}")
    if X.ndim != 2 or X.shape[1] != N_FEATURES:
        raise ValueError(f"X must have shape (n_samples, {{N_FEATURES}}), got {{X.shape}}")"""
ROUNDED = """


def _nearest(z):
    return {nearest}
"""
DECISIONS = {
    "binary": "CLASSES[(_forward(X)[:, 0] > 0.5).astype(int)]",
    "multiclass": "CLASSES[_forward(X).argmax(axis=1)]",
    "multilabel": "(_forward(X) > 0.5).astype(int)",
    "multioutput": (
        "np.stack([c[p.argmax(axis=1)] for c, p in zip(CLASSES, _forward(X))], axis=1)"
    ),
}


def to_python(
    model: Any, path: str | PathLike[str] | None = None, *, dtype: DTypeLike | None = None
) -> str:
    """Return a fitted model as the source of a Python file that needs only NumPy.

    The file has `predict(X)`, and for a classifier `predict_proba(X)` and `CLASSES`, which return
    the same as the model's: a list for several columns of labels, and, after loss='gaussian_nll',
    `predict(X, return_std=True)` with standard deviations in units of the target.

    X has shape (n_samples, n_features). If a TableEncoding or an encoder of categories precedes
    the network, X is a table: a dict of columns, a data frame, or a list of dicts, one per row.
    `COLUMNS` has the names of the columns that are read, with the kind of each: numbers, dates
    ('date') or categories. Missing values are None or NaN.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, Pipeline or \
            TransformedTargetRegressor
        Fitted. A pipeline may hold a TableEncoding and scikit-learn's ColumnTransformer,
        FeatureUnion, StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, SimpleImputer and
        OneHotEncoder; a target's scaler is StandardScaler or MinMaxScaler.
    path : str or path, optional
        File to write the source to, in addition to returning it.
    dtype : {'float32', 'float64'}, optional
        Dtype of the network's computation; by default that of its weights, or float32 for a model
        with a `precision`, which sums in float32. Preprocessing computes in float64. The mean over
        the members of a TabularClassifier or TabularRegressor is float64, unless dtype='float32'.

    Returns
    -------
    str
        The source.

    Raises
    ------
    ExportError
        If the file cannot represent labels that are not strings, numbers or booleans, a step of a
        pipeline, a parameter, or a column whose n-grams an ensemble uses; the message names it.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For any other object.

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> source = lamina.to_python(model)
    >>> print(source.splitlines()[0])
    \"""A multi-layer perceptron that predicts one of 3 classes from 4 features.
    >>> names = {}
    >>> exec(source, names)
    >>> bool((names["predict"](X) == model.predict(X)).all())
    True
    """
    if type(model).__name__ in ENSEMBLES:
        # Imported here because networks alone do not need the estimators for tables.
        from lamina.export.python.ensemble import ensemble_source

        source = ensemble_source(model, dtype)
    else:
        source = _source(lower(model, dtype))
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
    return source


def _source(program: Program) -> str:
    network = program.network
    code = encoding_code(program) if program.operations else ""
    code += "\n\n" + _weights(program) + _forward(program) + "".join(_functions(network))
    return _head(program, code) + code


def _head(program: Program, code: str) -> str:
    network = program.network
    n_features = "" if program.takes_a_table else f"N_FEATURES = {program.n_features}\n"
    return head(
        network.description,
        network.layers_in_words,
        code,
        takes_a_table=program.takes_a_table,
        more=MATRIX if program.operations else "",
        classes=n_features + _classes(network),
    )


def _classes(network: FittedNetwork) -> str:
    if network.targets is None:
        return ""
    if not network.heads:
        return f"CLASSES = {labels_code(network.targets.classes)}\n"
    columns = "".join(f"    {labels_code(classes)},\n" for classes in network.targets.classes)
    return f"CLASSES = [\n{columns}]\n"


def _weights(program: Program) -> str:
    network, lines = program.network, []
    for i, block in enumerate(network.blocks, 1):
        arrays = {f"W{i}": network.factor(block), f"b{i}": block.biases}
        arrays |= {f"{name}{i}": numbers for name, numbers in block.named.items()}
        lines += [f"# {block.name}", *_lines(arrays)]
    if (scale := program.output_scale) is not None:
        lines += ["# target", *_lines({"FACTOR": scale.factor, "OFFSET": scale.offset})]
    return "\n".join(lines)


def _lines(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    return [f"{name} = {array_text(numbers)}" for name, numbers in arrays.items()]


def _forward(program: Program) -> str:
    network, lines = program.network, list[str]()
    factor = "a" if network.precision is None else "_nearest(a)"
    for i, block in enumerate(network.blocks, 1):
        lines += block_lines(block, i, factor, is_last=block is network.blocks[-1])
    if lines[-1].startswith("a = "):
        lines.append("z = a")
    forward = FORWARD.format(
        take=_take(program),
        a="a" if program.operations else "X",
        layers="\n".join(f"    {line}" for line in lines),
        result=_result(program),
    )
    if network.precision is None:
        return forward
    return ROUNDED.format(nearest=network.precision.code.numpy) + forward


def _take(program: Program) -> str:
    """Return the statements from X to a, the input rows of the network."""
    network_dtype = program.network.dtype.name
    if program.takes_a_table:
        return f'    a = _encode(X).astype("{network_dtype}")'
    matrix = TAKE_MATRIX.format(dtype="float64" if program.operations else network_dtype)
    encoded = f'_encode(X).astype("{network_dtype}")' if program.operations else "X"
    return f"{matrix}\n    a = {encoded}"


def _result(program: Program) -> str:
    """Return the expression from z to the prediction."""
    network, inverse_link = program.network, program.network.inverse_link.code.numpy
    if network.heads:
        ends = np.cumsum(network.heads)[:-1].tolist()
        return f"[{inverse_link} for z in np.split(z, {ends}, axis=1)]"
    if program.target is None:
        return inverse_link
    return f'(({inverse_link}) * FACTOR + OFFSET).astype("{network.dtype.name}")'


def _functions(network: FittedNetwork) -> list[str]:
    shape = f"(n_samples, {network.n_columns})"
    if network.targets is not None:
        return [_predict_proba(network, shape), _predict_labels(network, network.targets, shape)]
    what = "The prediction for each row"
    if network.n_quantiles > 1:
        return [_quantiles(network, what)]
    if network.has_std:
        return [_mean_and_std(network, what)]
    if network.n_columns > 1:
        return [function_code("predict", what, shape, "return _forward(X)")]
    return [function_code("predict", what, "(n_samples,)", "return _forward(X).ravel()")]


def _predict_proba(network: FittedNetwork, shape: str) -> str:
    if network.heads:
        shapes = " and ".join(f"(n_samples, {n})" for n in network.heads)
        what = "The probabilities of each column's classes, in the order of CLASSES"
        return function_code("predict_proba", what, shapes, "return _forward(X)")
    each = "label" if network.is_multilabel else "class, in the order of CLASSES"
    body = "return _forward(X)"
    if network.is_binary:
        body = "p = _forward(X)\n    return np.hstack([1 - p, p])"
    return function_code("predict_proba", f"The probability of each {each}", shape, body)


def _predict_labels(network: FittedNetwork, targets: TargetEncoding, shape: str) -> str:
    what, decision = "The class", DECISIONS[targets.kind]
    if network.is_multilabel:
        what = "Zero or one for each label"
    elif network.heads:
        what, shape = "The class in each column", f"(n_samples, {len(network.heads)})"
    else:
        shape = "(n_samples,)"
    if network.is_binary and len(targets.classes) == 1:
        decision = "CLASSES[np.zeros(len(_forward(X)), dtype=int)]"
    return function_code("predict", what, shape, f"return {decision}")


def _quantiles(network: FittedNetwork, what: str) -> str:
    """Return a `predict` that sorts each row's quantiles of a target, so that none cross."""
    n, each = network.n_quantiles, network.n_columns // network.n_quantiles
    shape = f"(n_samples, {n})" if each == 1 else f"(n_samples, {each}, {n})"
    one = "[:, 0]" if each == 1 else ""
    body = f"return np.sort(_forward(X).reshape(-1, {each}, {n}), axis=2){one}"
    return function_code("predict", what, shape, body)


def _mean_and_std(network: FittedNetwork, what: str) -> str:
    """Return a `predict` that also returns each target's standard deviation if requested."""
    shape = "(n_samples,)" if network.n_columns == 1 else f"(n_samples, {network.n_columns})"
    columns = "0], p[:, 1]" if network.n_columns == 1 else "0::2], p[:, 1::2]"
    body = (
        "p = _forward(X)\n"
        f"    mean, std = p[:, {columns}\n"
        "    return (mean, std) if return_std else mean"
    )
    more = "; return_std=True adds its standard deviation"
    return function_code("predict", what, shape, body, "X, return_std=False", more)
