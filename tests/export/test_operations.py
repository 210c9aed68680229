"""Contract of every operation in every target: it has a function or a refusal, and its numbers.

Each example is a program whose result is x W + b, with x the matrix of one operation.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

import lamina
from lamina.blocks.inputs import PeriodicInputs, PiecewiseLinearInputs
from lamina.errors import ExportError
from lamina.export.c.target import COMPILERS
from lamina.export.lowering import input_operations as i
from lamina.export.lowering import network_operations as n
from lamina.export.lowering import table_operations as t
from lamina.export.lowering.models import lower_model
from lamina.export.lowering.operations import OPERATIONS
from lamina.export.lowering.program import InputColumn, ModelProgram
from lamina.export.targets import FILE_TARGETS, TARGETS
from lamina.formulas import ACTIVATIONS, INVERSE_LINKS, NORMALIZATIONS, PRECISIONS, Activation

DOUBLE, FLOAT = np.dtype(np.float64), np.dtype(np.float32)
RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((6, 4))
TABLE = pd.DataFrame(
    {
        "size": X[:, 0],
        "gap": np.where(X[:, 1] > 0, X[:, 1], np.nan),
        "day": pd.date_range("2024-02-27", periods=6, freq="31D"),
        "kind": ["a", "b", "é", "a", None, "b"],
    }
)
INPUTS = tuple(
    InputColumn(name, kind)
    for name, kind in zip(TABLE, ("number", "number", "date", "category"), strict=True)
)
KINDS = ("a", "b", None)
FIRST = n.Features(4, DOUBLE)
WEIGHTS, BIASES = RANDOM.standard_normal((4, 4)), RANDOM.standard_normal(4)
LAYER = n.Affine(0, WEIGHTS, BIASES, "hidden_1")
ROW = {name: np.linspace(0.5, 1.5, 4) for name in ("scale", "shift", "mean", "variance", "slope")}
BATCH, PRELU = NORMALIZATIONS["batch"], ACTIVATIONS["prelu"]
CODES = np.array([1, 2, 0, 1, 3, 2])


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def probabilities():
    return softmax(X)


def days():
    return (TABLE["day"] - pd.Timestamp(1970, 1, 1)).dt.days.to_numpy(float)[:, np.newaxis]


@dataclass(frozen=True)
class Example:
    """Operations that end in one, and the matrix that this one computes."""

    operations: tuple
    expected: Callable[[], np.ndarray]
    is_table: bool = False


def of_table(*operations, expected):
    return Example(operations, expected, is_table=True)


def of_matrix(*operations, expected):
    return Example((FIRST, *operations), expected)


def named(record):
    return {each.name: ROW[each.name] for each in (*record.parameters, *record.statistics)}


PERIODIC, PIECEWISE = PeriodicInputs((3, 1), 5, 2, 0.5), PiecewiseLinearInputs((3, 1), 4, 3)


def arrays_of(group):
    """Return arrays of a group, with edges among which bins have width 0."""
    random_state = np.random.RandomState(3)
    arrays = [random_state.standard_normal(tensor.shape) for tensor in group.tensors]
    if isinstance(group, PiecewiseLinearInputs):
        arrays[-1][...] = [[-1, -0.5, -0.5, 0.25, 1], [0, 0, 0.5, 0.5, 0.5]]
    return arrays


SIZE, GAP = t.Columns((0,)), t.Columns((0, 1))
FILLED = TABLE[["size", "gap"]].fillna({"gap": 7.0}).to_numpy()
EXAMPLES = {
    t.Columns: of_table(t.Columns((0, 2)), expected=lambda: np.hstack([X[:, :1], days()])),
    t.Impute: of_table(GAP, t.Impute(0, np.array([3.0, 7.0])), expected=lambda: FILLED),
    t.IsMissing: of_table(
        GAP, t.IsMissing(0, (1,)), expected=lambda: np.isnan(TABLE[["gap"]]).to_numpy(float)
    ),
    t.Standardize: of_table(
        SIZE,
        t.Standardize(0, np.array([2.0]), np.array([3.0])),
        expected=lambda: (X[:, :1] - 2) / 3,
    ),
    t.Rescale: of_table(
        SIZE, t.Rescale(0, np.array([2.0]), np.array([3.0])), expected=lambda: X[:, :1] * 2 + 3
    ),
    t.Clip: of_table(SIZE, t.Clip(0, -0.5, 0.25, 1), expected=lambda: X[:, :1].clip(-0.5, 0.25)),
    t.SmoothClip: of_table(
        SIZE, t.SmoothClip(0, 3.0, 1), expected=lambda: X[:, :1] / np.sqrt(1 + (X[:, :1] / 3) ** 2)
    ),
    t.Take: of_matrix(t.Take(0, (3, 1)), expected=lambda: X[:, [3, 1]]),
    t.OneHot: of_table(
        t.OneHot(3, KINDS), expected=lambda: np.equal.outer(CODES, [1, 2, 3]).astype(float)
    ),
    t.CategoryCode: of_table(t.CategoryCode(3, KINDS), expected=lambda: CODES[:, np.newaxis] * 1.0),
    t.Lookup: of_table(
        t.CategoryCode(3, KINDS),
        t.Lookup(0, 0, np.arange(8.0).reshape(4, 2)),
        expected=lambda: np.arange(8.0).reshape(4, 2)[CODES],
    ),
    t.OneHotNumber: of_table(
        t.CategoryCode(3, KINDS),
        t.OneHotNumber(0, 0, np.array([2.0, 0.0])),
        expected=lambda: np.equal.outer(CODES, [2, 0]).astype(float),
    ),
    t.Calendar: of_table(
        t.Columns((2,)),
        t.Calendar(0, 0, "weekday"),
        expected=lambda: np.equal.outer(TABLE["day"].dt.day_of_week.to_numpy(), np.arange(7)) * 1.0,
    ),
    t.Join: of_table(
        SIZE,
        t.Rescale(0, np.array([2.0]), np.array([0.0])),
        t.Join((1, 0), 2),
        expected=lambda: np.hstack([2 * X[:, :1], X[:, :1]]),
    ),
    i.CategoryCodes: of_table(
        t.CategoryCode(3, KINDS),
        t.Join((0, 0), 2),
        i.CategoryCodes(1, (1,), (np.array([1.0, 3.0]),), 2),
        expected=lambda: np.stack([CODES, np.select([CODES == 1, CODES == 3], [1, 2])], 1) * 1.0,
    ),
    i.Scale: of_matrix(
        i.Scale(0, (3, 1), np.array([2.0, 5.0])), expected=lambda: X[:, [3, 1]] * [2, 5]
    ),
    i.Periodic: of_matrix(
        i.Periodic(0, PERIODIC.columns, *arrays_of(PERIODIC)),
        expected=lambda: PERIODIC.forward(arrays_of(PERIODIC), X[:, [3, 1]]),
    ),
    i.PiecewiseLinear: of_matrix(
        i.PiecewiseLinear(0, PIECEWISE.columns, *arrays_of(PIECEWISE)),
        expected=lambda: PIECEWISE.forward(arrays_of(PIECEWISE), X[:, [3, 1]]),
    ),
    i.Embed: of_table(
        t.CategoryCode(3, KINDS),
        i.Embed(0, (0, 0), (np.arange(8.0).reshape(4, 2), np.arange(5.0).reshape(5, 1))),
        expected=lambda: np.column_stack([np.arange(8.0).reshape(4, 2)[CODES], CODES]),
    ),
    i.OneHotCodes: of_table(
        t.CategoryCode(3, KINDS),
        t.Join((0, 0), 2),
        i.OneHotCodes(1, (0, 1), (4, 5)),
        expected=lambda: np.hstack([np.eye(4, 3, -1)[CODES], np.eye(5, 4, -1)[CODES]]),
    ),
    n.Features: Example((FIRST,), lambda: X),
    n.Cast: of_matrix(
        n.Cast(0, FLOAT, 4), n.Cast(1, DOUBLE, 4), expected=lambda: X.astype("f4").astype("f8")
    ),
    n.RequireFinite: of_matrix(n.RequireFinite(0, 4), expected=lambda: X),
    n.Round: Example(
        (replace(FIRST, dtype=FLOAT), n.Round(0, PRECISIONS["bfloat16"], 4)),
        lambda: PRECISIONS["bfloat16"].nearest(X.astype("f4")),
    ),
    n.Affine: of_matrix(LAYER, expected=lambda: X @ WEIGHTS + BIASES),
    n.Normalize: of_matrix(
        LAYER,
        n.Normalize(1, BATCH, named(BATCH), 4),
        expected=lambda: (
            ROW["scale"] * (X @ WEIGHTS + BIASES - ROW["mean"]) / np.sqrt(ROW["variance"] + 1e-5)
            + ROW["shift"]
        ),
    ),
    n.Activate: of_matrix(
        LAYER,
        n.Activate(1, PRELU, {"slope": ROW["slope"]}, 4),
        expected=lambda: PRELU.value(X @ WEIGHTS + BIASES, ROW["slope"]),
    ),
    n.AddResidual: of_matrix(
        LAYER, n.AddResidual(1, 0, 4), expected=lambda: X @ WEIGHTS + BIASES + X
    ),
    n.InvertLink: of_matrix(n.InvertLink(0, INVERSE_LINKS["softmax"], 4), expected=probabilities),
    n.Complement: of_matrix(
        t.Take(0, (2,)), n.Complement(1), expected=lambda: np.hstack([1 - X[:, 2:3], X[:, 2:3]])
    ),
    n.Sort: of_matrix(
        n.Sort(0, 2, 4), expected=lambda: np.sort(X.reshape(-1, 2, 2), axis=2).reshape(-1, 4)
    ),
    n.SignedSquare: of_matrix(n.SignedSquare(0, 0.5, 4), expected=lambda: X * abs(X) + 0.5),
    n.WeightedSum: of_matrix(
        LAYER,
        n.WeightedSum((0, 1), (0.25, 0.75), 4),
        expected=lambda: 0.25 * X + 0.75 * (X @ WEIGHTS + BIASES),
    ),
    n.Temper: of_matrix(
        n.InvertLink(0, INVERSE_LINKS["softmax"], 4),
        n.Temper(1, 2.0, 1e-9, 4),
        expected=lambda: softmax(np.log(probabilities()) / 2),
    ),
}
# Only training drops numbers, so that a program for predictions does not have it.
WITHOUT_NUMBERS = {n.Dropout}


def program_of(example: Example) -> tuple[ModelProgram, np.ndarray]:
    """Return the program of x W + b, and its expected prediction."""
    x, last = example.expected(), len(example.operations) - 1
    weights = np.random.RandomState(1).standard_normal((x.shape[1], 3)).astype(x.dtype)
    biases = np.array([1, 2, 3], dtype=x.dtype)
    identity = n.InvertLink(last + 1, INVERSE_LINKS["identity"], 3)
    layer = n.Affine(last, weights, biases, "output")
    operations = (*example.operations, layer, identity)
    inputs = INPUTS if example.is_table else ()
    program = ModelProgram(inputs, 4, operations, (last + 2,), dtype=x.dtype)
    return program, x @ weights + biases


def require(target):
    """Skip a test where an extra or a compiler that the target needs is missing."""
    modules = {"torch": ["torch"], "onnx": ["onnx", "onnxruntime"]}.get(target.name, [])
    for module in modules:
        pytest.importorskip(module)
    if target.name == "c" and not any(map(shutil.which, COMPILERS)):
        pytest.skip("no C compiler is on the PATH")


every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=lambda each: each.name)
every_file = pytest.mark.parametrize("target", FILE_TARGETS.values(), ids=lambda each: each.name)


@every_target
def test_every_operation_has_a_function_or_a_refusal_in_every_target(target):
    require(target)
    assert {*target.renderers} | {*target.refused} == {*OPERATIONS}
    assert not {*target.renderers} & {*target.refused}
    assert all(target.refused.values())


def test_every_operation_has_an_example():
    assert {*EXAMPLES} | WITHOUT_NUMBERS == {*OPERATIONS}


@pytest.mark.parametrize("operation", EXAMPLES, ids=lambda operation: operation.__name__)
@every_file
def test_every_target_computes_the_numbers_of_every_operation(operation, target):
    require(target)
    if operation in target.refused:
        return
    example = EXAMPLES[operation]
    assert operation in map(type, example.operations)
    program, expected = program_of(example)
    rows = TABLE if example.is_table else X.astype(expected.dtype)
    actual = target.evaluate(program, target.render(program), rows).numbers
    tolerance = 1e-11 if expected.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def example_of(record):
    """Return an example of a formula's operation on a layer's matrix, or on the input's."""
    if isinstance(record, Activation):
        numbers = {each.name: ROW[each.name] for each in record.parameters}
        operation = n.Activate(1, record, numbers, 4)
        return of_matrix(
            LAYER, operation, expected=lambda: record.value(X @ WEIGHTS + BIASES, *numbers.values())
        )
    return of_matrix(n.InvertLink(0, record, 4), expected=lambda: record.value(X))


@pytest.mark.parametrize(
    "record", [*ACTIVATIONS.values(), *INVERSE_LINKS.values()], ids=lambda record: record.name
)
@every_file
def test_every_target_computes_every_activation_and_inverse_link(record, target):
    require(target)
    program, expected = program_of(example_of(record))
    actual = target.evaluate(program, target.render(program), X).numbers
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-11)


@every_file
def test_a_refused_operation_is_named_with_the_reason(target):
    require(target)
    program, _ = program_of(Example((FIRST, n.Dropout(0, 0.5, 4)), lambda: X))
    with pytest.raises(ExportError, match=f"operation Dropout: {target.refused[n.Dropout]}"):
        target.render(program)


def infinite_program():
    """Return a program that requires finite numbers, and a table with infinity and NaN."""
    program, _ = program_of(EXAMPLES[t.Standardize])
    *before, layer, link = program.operations
    checked = n.RequireFinite(len(before) - 1, 1)
    moved = replace(layer, source=len(before)), replace(link, source=len(before) + 1)
    program = replace(program, operations=(*before, checked, *moved), results=(len(before) + 2,))
    return program, TABLE.assign(size=[0.5, np.inf, np.nan, *X[3:, 0]])


@pytest.mark.parametrize("name", ["onnx", "c"])
def test_a_row_with_infinity_or_nan_has_no_prediction(name):
    require(target := TARGETS[name])
    program, rows = infinite_program()
    numbers = target.evaluate(program, target.render(program), rows).numbers
    assert np.isnan(numbers).all(axis=1).tolist() == [False, True, True, *[False] * 3]


def test_a_row_with_infinity_is_an_error_in_python():
    target = TARGETS["python"]
    program, rows = infinite_program()
    with pytest.raises(ValueError, match="infinity"):
        target.evaluate(program, target.render(program), rows)


def test_a_column_that_passes_in_another_order_keeps_it():
    passed = ColumnTransformer([("swap", "passthrough", [2, 0, 3, 1])])
    model = make_pipeline(passed, lamina.MLPRegressor(max_iter=5, tol=10.0, random_state=0))
    with pytest.warns(Warning, match="hasn't converged"):
        model.fit(X, X[:, 0])
    for target in FILE_TARGETS.values():
        require(target)
        program = lower_model(model)
        actual = target.evaluate(program, target.write(model, None), X).numbers
        np.testing.assert_allclose(actual[:, 0], model.predict(X), rtol=1e-11)
