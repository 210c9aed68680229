"""Every engine: the numbers of the reference engine, for every formula."""

import numpy as np
import pytest

from lamina.engines import OptimizerSettings
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import complete

# Tolerated distance from the reference, relative to an array's largest magnitude.
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
SETTINGS = {
    "sgd": {"momentum": 0.9, "nesterovs_momentum": 1.0},
    "adam": ADAM,
    "adamw": ADAM,
    "nadam": ADAM,
    "rmsprop": {"decay_rate": 0.99, "epsilon": 1e-8},
    "adagrad": {"epsilon": 1e-10},
    "lion": {"beta_1": 0.9, "beta_2": 0.99},
    "muon": complete("muon", OPTIMIZERS["muon"].hyperparameters, {"momentum": 0.95, **ADAM}),
}
# Others are tested with their defaults.
SETTINGS |= {
    name: complete(name, optimizer.hyperparameters, {})
    for name, optimizer in OPTIMIZERS.items()
    if name not in SETTINGS
}
N_SAMPLES = 37

every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
every_layout = pytest.mark.parametrize("layout", ["dense", "csr"])
every_weighting = pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])


def assert_close(actual, expected, tolerance):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * largest)


def assert_layers_close(engine, reference, asked, tolerance):
    """Compare every block's activations, and the prediction in place of the last one's."""
    layers, expected = engine.activations(*asked), reference.activations(*asked)
    for found, reference_value in zip(layers, expected, strict=True):
        assert_close(found, reference_value, tolerance)
    np.testing.assert_array_equal(layers[-1], engine.predict(*asked))


@pytest.fixture
def problem(draw_problem, formulas, dtype, layout, weighted):
    return draw_problem(
        (9, 13, 6, 3),
        n_samples=N_SAMPLES,
        dtype=dtype,
        layout=layout,
        weighted=weighted,
        **formulas,
    )


@every_dtype
@every_layout
@every_weighting
def test_loss_gradient_and_passes_equal_the_references(engine, reference, problem, dtype):
    spec, objective, rows, parameters = (
        problem.spec,
        problem.objective,
        problem.rows,
        problem.parameters,
    )
    loss, gradient = engine.loss_and_gradient(spec, objective, rows, parameters)
    expected_loss, expected_gradient = reference.loss_and_gradient(
        spec, objective, rows, parameters
    )
    assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype])
    assert_close(gradient, expected_gradient, TOLERANCE[dtype])
    prediction = engine.predict(problem.network, rows.X)
    assert gradient.dtype == prediction.dtype == dtype
    assert_close(prediction, reference.predict(problem.network, rows.X), TOLERANCE[dtype])
    assert_layers_close(engine, reference, (problem.network, rows.X), TOLERANCE[dtype])


def test_a_saturated_network_equals_the_references(engine, reference, draw_problem, formulas):
    problem = draw_problem((9, 13, 6, 3), n_samples=N_SAMPLES, **formulas)
    asked = (problem.spec, problem.objective, problem.rows, 30 * problem.parameters)
    value, gradient = engine.loss_and_gradient(*asked)
    expected_value, expected_gradient = reference.loss_and_gradient(*asked)
    assert np.isfinite(value) == np.isfinite(expected_value)
    if np.isfinite(expected_value):
        # Next to one, only the last digits of p agree, and log(1 - p) consists of those.
        np.testing.assert_allclose(value, expected_value, rtol=1e-4)
        assert_close(gradient, expected_gradient, 1e-9)


@every_dtype
@every_layout
@every_weighting
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_few_epochs_equal_the_references(engine, reference, problem, dtype, optimizer):
    settings = OptimizerSettings(optimizer, SETTINGS[optimizer])
    ours, parameters, state = problem.trainer(engine, settings)
    theirs, expected_parameters, expected_state = problem.trainer(reference, settings)
    random_state = np.random.RandomState(1)
    for batch_size in (10, 16, 37):
        order = random_state.permutation(N_SAMPLES)
        rates = np.full(-(-N_SAMPLES // batch_size), 0.001)
        report = ours.epoch(order, batch_size, rates)
        expected = theirs.epoch(order, batch_size, rates)
        assert report.loss == pytest.approx(expected.loss, rel=TOLERANCE[dtype])
        assert report.steps == expected.steps == len(rates)
        assert report.non_finite_block is None
    assert_close(parameters, expected_parameters, TOLERANCE[dtype])
    assert_close(state.slots, expected_state.slots, TOLERANCE[dtype])
    assert state.step == expected_state.step == 8


@pytest.mark.parametrize("loss", ["log_loss", "smoothed_log_loss", "focal"])
@pytest.mark.parametrize("heads", [(2, 3), (1, 4, 2), (5, 5)], ids=str)
@every_dtype
@every_weighting
def test_several_heads_equal_the_references(
    engine, reference, draw_problem, loss, heads, dtype, weighted
):
    problem = draw_problem(
        (9, 8, sum(heads)),
        n_samples=N_SAMPLES,
        loss=loss,
        dtype=dtype,
        weighted=weighted,
        heads=heads,
    )
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    value, gradient = engine.loss_and_gradient(*asked)
    expected_value, expected_gradient = reference.loss_and_gradient(*asked)
    assert value == pytest.approx(expected_value, rel=TOLERANCE[dtype])
    assert_close(gradient, expected_gradient, TOLERANCE[dtype])
    X = problem.rows.X
    for rows in (X, X[:3]):
        predicted = engine.predict(problem.network, rows)
        assert_close(predicted, reference.predict(problem.network, rows), TOLERANCE[dtype])


@pytest.mark.parametrize("quantile", [0.7, (0.7,), (0.1, 0.5, 0.9)], ids=str)
@pytest.mark.parametrize("widths", [(9, 13, 1), (9, 13, 4), (3, 2)], ids=str)
def test_several_quantiles_equal_the_references(engine, reference, draw_problem, quantile, widths):
    problem = draw_problem(
        widths, n_samples=N_SAMPLES, loss="quantile", params={"quantile": quantile}
    )
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    value, gradient = engine.loss_and_gradient(*asked)
    expected_value, expected_gradient = reference.loss_and_gradient(*asked)
    assert value == pytest.approx(expected_value, rel=1e-12)
    assert_close(gradient, expected_gradient, 1e-12)


def test_every_optimizer_is_tested_with_all_its_hyperparameters():
    assert SETTINGS.keys() == OPTIMIZERS.keys()
