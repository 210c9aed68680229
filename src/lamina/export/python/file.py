"""Export of a fitted model, with its preprocessing, to a Python file that needs only NumPy."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from numpy.typing import DTypeLike

from lamina.encoding import TargetEncoding
from lamina.export.lowering.any_model import lower_any
from lamina.export.lowering.fitted_network import FittedModel
from lamina.export.lowering.network_operations import Features
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.words import describe, layers_in_words
from lamina.export.python import inputs, network, table
from lamina.export.python.code import function_code, head, labels_code
from lamina.export.python.rendering import Source

# One function for each operation: the expression that computes its matrix.
RENDERERS = {**table.RENDERERS, **inputs.RENDERERS, **network.RENDERERS}
REFUSED = network.REFUSED
MATRIX = """

NaN is a missing number where the model was fitted with an imputer, and a missing category."""
FORWARD = """

def _forward(X):
{lines}
    return {result}
"""
TAKE_MATRIX = """\
X = np.asarray(X, dtype="{dtype}")
    if X.ndim != 2 or X.shape[1] != N_FEATURES:
        raise ValueError(f"X must have shape (n_samples, {{N_FEATURES}}), got {{X.shape}}")"""
DECISIONS = {
    "binary": "CLASSES[_forward(X).argmax(axis=1)]",
    "multiclass": "CLASSES[_forward(X).argmax(axis=1)]",
    "multilabel": "(_forward(X) > 0.5).astype(int)",
    "multioutput": (
        "np.stack([c[p.argmax(axis=1)] for c, p in zip(CLASSES, _forward(X))], axis=1)"
    ),
}


def to_python(
    model: FittedModel, path: str | PathLike[str] | None = None, *, dtype: DTypeLike | None = None
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
    source = render(lower_any(model, dtype))
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
    return source


def render(program: ModelProgram) -> str:
    """Return a program as the source of a Python file."""
    source = Source(program)
    if program.takes_a_table:
        source.function(table.read_table(program.inputs))
    source.render(RENDERERS, REFUSED)
    constants = "".join(f"{name} = {value}\n" for name, value in source.constants.items())
    code = "".join(source.functions) + "\n\n" + constants + _forward(source)
    code += "".join(_functions(program))
    n_features = "" if program.takes_a_table else f"N_FEATURES = {program.n_features}\n"
    top = head(
        describe(program),
        layers_in_words(program),
        code,
        takes_a_table=program.takes_a_table,
        more=MATRIX if _is_prepared(program) else "",
        classes=n_features + _classes(program),
    )
    return top + code


def _is_prepared(program: ModelProgram) -> bool:
    return not isinstance(program.operations[0], Features)


def _classes(program: ModelProgram) -> str:
    if program.targets is None:
        return ""
    if not program.heads:
        return f"CLASSES = {labels_code(program.targets.classes)}\n"
    columns = "".join(f"    {labels_code(classes)},\n" for classes in program.targets.classes)
    return f"CLASSES = [\n{columns}]\n"


def _forward(source: Source) -> str:
    program = source.program
    if program.takes_a_table:
        first = "columns = _columns(X)"
    else:
        first = TAKE_MATRIX.format(dtype=program.dtype_of(0).name)
    lines = "\n".join(f"    {line}" for line in [first, *source.statements])
    results = [source.name(result) for result in program.results]
    result = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
    return FORWARD.format(lines=lines, result=result)


def _functions(program: ModelProgram) -> list[str]:
    shape = f"(n_samples, {program.n_columns})"
    if program.targets is not None:
        return [_predict_proba(program, shape), _predict_labels(program, program.targets)]
    what = "The prediction for each row"
    if program.n_quantiles > 1:
        return [_quantiles(program, what)]
    if program.has_std:
        return [_mean_and_std(program, what)]
    if program.n_columns > 1:
        return [function_code("predict", what, shape, "return _forward(X)")]
    return [function_code("predict", what, "(n_samples,)", "return _forward(X).ravel()")]


def _predict_proba(program: ModelProgram, shape: str) -> str:
    what = "The probability of each class, in the order of CLASSES"
    if program.heads:
        shape = " and ".join(f"(n_samples, {n})" for n in program.heads)
        what = "The probabilities of each column's classes, in the order of CLASSES"
    elif program.targets is not None and program.targets.kind == "multilabel":
        what = "The probability of each label"
    return function_code("predict_proba", what, shape, "return _forward(X)")


def _predict_labels(program: ModelProgram, targets: TargetEncoding) -> str:
    what, shape, decision = "The class", "(n_samples,)", DECISIONS[targets.kind]
    if targets.kind == "multilabel":
        what, shape = "Zero or one for each label", f"(n_samples, {program.n_columns})"
    elif program.heads:
        what, shape = "The class in each column", f"(n_samples, {len(program.heads)})"
    elif len(targets.classes) == 1:
        decision = "CLASSES[np.zeros(len(_forward(X)), dtype=int)]"
    return function_code("predict", what, shape, f"return {decision}")


def _quantiles(program: ModelProgram, what: str) -> str:
    """Return a `predict` with the quantiles of a target along the last axis."""
    n, each = program.n_quantiles, program.n_columns // program.n_quantiles
    if each == 1:
        return function_code("predict", what, f"(n_samples, {n})", "return _forward(X)")
    body = f"return _forward(X).reshape(-1, {each}, {n})"
    return function_code("predict", what, f"(n_samples, {each}, {n})", body)


def _mean_and_std(program: ModelProgram, what: str) -> str:
    """Return a `predict` that also returns each target's standard deviation if requested."""
    shape = "(n_samples,)" if program.n_columns == 1 else f"(n_samples, {program.n_columns})"
    flat = ".ravel()" if program.n_columns == 1 else ""
    body = (
        f"mean, std = _forward(X)\n    return (mean{flat}, std{flat}) if return_std else mean{flat}"
    )
    more = "; return_std=True adds its standard deviation"
    return function_code("predict", what, shape, body, "X, return_std=False", more)
