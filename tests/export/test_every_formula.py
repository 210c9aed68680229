"""Every export format predicts the same as lamina, for every activation and kind of output."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lamina.choices import classes_of
from lamina.choices.docstrings import other_value
from lamina.formulas import ACTIVATIONS, INVERSE_LINKS, NORMALIZATIONS, PRECISIONS

TOLERANCE = {"float32": 1e-5, "float64": 1e-11}
WITH_HYPERPARAMETERS = [cls for cls in classes_of("activation").values() if cls.hyperparameters]
UNIT = {"bfloat16": 2.0**-8}


def assert_equal(actual, expected):
    tolerance = TOLERANCE[expected.dtype.name]
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(
        actual, expected, rtol=tolerance, atol=tolerance * abs(expected).max()
    )


def assert_rounded_alike(actual, expected, precision):
    """Assert equality, except for a few numbers that were rounded in the other direction.

    Without rounding, products would differ by hundreds of times the tolerance for the others.
    """
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype == np.float32
    off = np.abs(actual - expected) / np.abs(expected).max()
    assert np.median(off) <= 1e-6
    assert off.max() <= UNIT[precision]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_format_supports_every_activation(activation, dtype, run, fit, answer, rows):
    model, X = fit("numbers", dtype, activation=activation), rows.astype(dtype)
    assert_equal(run(model, X), answer(model, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_format_supports_every_blended_activation(activation, dtype, run, fit, answer, rows):
    model = fit("numbers", dtype, activation=activation, blended_activation=True)
    X = rows.astype(dtype)
    for numbers in model.unit_parameters_:
        numbers += np.linspace(-0.4, 0.4, numbers.size).reshape(numbers.shape)
    assert_equal(run(model, X), answer(model, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cls", WITH_HYPERPARAMETERS, ids=lambda cls: cls.name)
def test_every_format_supports_hyperparameters_of_activations(cls, dtype, run, fit, answer, rows):
    # Layers with other values of one formula must not share its code.
    values = {each.name: other_value(each) for each in cls.hyperparameters}
    activations = {"activation": [cls(**values), cls()], "output_activation": cls(**values)}
    model = fit("numbers", dtype, **activations)
    X = rows.astype(dtype)
    assert_equal(run(model, X), answer(model, X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_every_format_supports_every_normalization(normalization, dtype, run, fit, answer, rows):
    model, X = fit("numbers", dtype, normalization=normalization), rows.astype(dtype)
    for numbers in (*model.unit_parameters_, *getattr(model, "running_statistics_", ())):
        numbers += np.linspace(0.1, 1, numbers.size).reshape(numbers.shape)
    assert_equal(run(model, X), answer(model, X))


@pytest.mark.parametrize(
    "parameters",
    [
        {"residual": True, "hidden_layer_sizes": (4, 4, 3, 3)},
        {"activation": ["prelu", "tanh", "prelu"], "hidden_layer_sizes": (5, 6, 4)},
        {"output_activation": "softplus"},
        {"parametrization": "ntk"},
        {"dropout": 0.2, "input_dropout": 0.1, "input_noise": 0.3},
        {
            "normalization": "batch",
            "residual": True,
            "activation": ["prelu", "sine"],
            "hidden_layer_sizes": (6, 6),
            "dropout": [0.1, 0.3],
            "output_activation": "prelu",
        },
    ],
)
def test_every_format_supports_every_architecture(parameters, run, fit, answer, rows):
    model = fit("numbers", **parameters)
    assert_equal(run(model, rows), answer(model, rows))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_format_supports_every_kind_of_output(kind, dtype, run, fit, answer, rows):
    model, X = fit(kind, dtype), rows.astype(dtype)
    assert_equal(run(model, X), answer(model, X))


def test_every_format_supports_a_network_without_hidden_layers(run, fit, answer, rows):
    model = fit("multiclass", hidden_layer_sizes=())
    assert_equal(run(model, rows), answer(model, rows))


def test_rows_far_from_zero_give_finite_outputs(kind, run, fit, answer, rows):
    model, X = fit(kind), rows * 10
    with np.errstate(all="raise"):
        assert_equal(run(model, X), answer(model, X))


@pytest.mark.parametrize("kind", ["one number", "numbers"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quantiles_do_not_cross_in_any_format(kind, dtype, run, fit, answer, rows):
    model = fit(kind, dtype, loss="quantile", quantile=[0.1, 0.5, 0.9])
    # Not in ascending order, so that everything must be sorted.
    model.intercepts_[-1][...] = np.tile([1, 0, -1], len(model.intercepts_[-1]) // 3)
    X = rows.astype(dtype)
    expected = answer(model, X)
    assert (np.diff(expected.reshape(-1, 3)) >= 0).all()
    assert_equal(run(model, X), expected)


def test_a_single_quantile_is_exported_like_a_mean(run, fit, answer, rows):
    model = fit("numbers", loss="quantile", quantile=0.3)
    assert_equal(run(model, rows), answer(model, rows))


def test_rows_with_zero_variance_give_finite_outputs(run, fit, answer):
    model = fit("numbers", normalization="layer", hidden_layer_sizes=(1, 4))
    assert_equal(run(model, np.zeros((2, 4))), answer(model, np.zeros((2, 4))))


@pytest.mark.parametrize(
    "record", [*ACTIVATIONS.values(), *INVERSE_LINKS.values()], ids=lambda r: r.name
)
def test_a_records_numpy_code_equals_its_value(record):
    z = np.concatenate([np.linspace(-40, 40, 60), np.linspace(-3, 3, 60)]).reshape(-1, 3)
    for dtype, tolerance in TOLERANCE.items():
        logits = z.astype(dtype)
        learned = {
            parameter.name: np.linspace(-1, 1, 3).astype(dtype)
            for parameter in getattr(record, "parameters", ())
        }
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            said = eval(record.code.numpy, {"np": np, "math": math, "z": logits, **learned})
        value = record.value(logits, *learned.values())
        assert said.dtype == value.dtype
        np.testing.assert_allclose(said, value, rtol=tolerance, atol=np.finfo(dtype).tiny)


def test_the_kinds_of_outputs_have_every_inverse_link(fit, kinds):
    assert {fit(kind).out_activation_ for kind in kinds} == set(INVERSE_LINKS)


def test_extreme_standard_deviations_stay_within_their_bounds(run, fit, answer, rows):
    model = fit("means and stds")
    model.intercepts_[-1][1::2] = [-1e6, 1e6, 0]
    expected = answer(model, rows)
    assert (np.ptp(expected[:, 3:], axis=0) == 0).tolist() == [True, True, False]
    assert_equal(run(model, rows), expected)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_format_supports_every_precision(precision, kind, run, fit, answer, rows):
    model, X = fit(kind, "float32", precision=precision), rows.astype(np.float32)
    assert_rounded_alike(run(model, X), answer(model, X), precision)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"hidden_layer_sizes": ()},
        {
            "normalization": "batch",
            "residual": True,
            "activation": ["prelu", "gelu"],
            "hidden_layer_sizes": (6, 6),
            "output_activation": "softsign",
        },
    ],
)
def test_every_format_rounds_in_every_architecture(precision, parameters, run, fit, answer, rows):
    model = fit("numbers", "float32", precision=precision, **parameters)
    X = rows.astype(np.float32)
    assert_rounded_alike(run(model, X), answer(model, X), precision)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_precisions_numpy_code_rounds_to_nearest(precision):
    record = PRECISIONS[precision]
    ends = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo("f").max, 1e-40, 1 + 2**-8, 1 + 3 * 2**-8]
    z = np.append(ends, np.random.RandomState(0).standard_normal(10_000)).astype("f")
    actual = eval(record.code.numpy, {"np": np, "z": z})
    np.testing.assert_array_equal(actual.view("i4"), record.nearest(z).view("i4"))
