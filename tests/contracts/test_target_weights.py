"""Weights of single targets: every engine, for every loss, by the equation of batch_loss.py."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lamina.engines import OptimizerSettings, Rows
from lamina.formulas import LOSSES
from lamina.formulas.optimizers import OPTIMIZERS

N_SAMPLES = 23
HEADS = (3, 2, 4)
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
every_loss = pytest.mark.parametrize("loss", LOSSES)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
every_layout = pytest.mark.parametrize("layout", ["dense", "csr"])


@pytest.fixture
def draw(draw_problem):
    """Return a function that draws a problem of three targets, a third of them missing."""

    def draw(loss, dtype="float64", weighted=True, **options):
        heads = HEADS if LOSSES[loss].targets == "codes" else ()
        widths = (6, 5, sum(heads) or 3)
        problem = draw_problem(
            widths, n_samples=N_SAMPLES, loss=loss, dtype=dtype, heads=heads, alpha=0.3, **options
        )
        random_state = np.random.RandomState(5)
        weight = random_state.uniform(0.5, 2, (N_SAMPLES, 3)) if weighted else np.ones((23, 3))
        weight *= random_state.uniform(size=weight.shape) < 0.7
        rows = problem.rows._replace(weight=weight.astype(dtype))
        return replace(problem, rows=rows)

    return draw


def evaluate(engine, problem, parameters=None, **changes):
    """Return loss and gradient of a problem, with other samples or parameters."""
    rows = problem.rows._replace(**changes)
    parameters = problem.parameters if parameters is None else parameters
    return engine.loss_and_gradient(problem.spec, problem.objective, rows, parameters)


@every_loss
@every_dtype
@every_layout
def test_the_engine_equals_the_reference(engine, reference, draw, loss, dtype, layout):
    problem = draw(loss, dtype, layout=layout)
    value, gradient = evaluate(engine, problem)
    expected_value, expected_gradient = evaluate(reference, problem)
    assert value == pytest.approx(expected_value, rel=TOLERANCE[dtype])
    scale = np.abs(expected_gradient).max()
    np.testing.assert_allclose(
        gradient / scale, expected_gradient / scale, rtol=0, atol=TOLERANCE[dtype]
    )


@every_loss
def test_the_loss_is_the_equation(engine, draw, loss):
    problem, record = draw(loss), LOSSES[loss]
    y, weight, params = problem.rows.y, problem.rows.weight, problem.objective.hyperparameters
    prediction = engine.predict(problem.network, problem.rows.X)
    widths = HEADS if record.targets == "codes" else [prediction.shape[1] // 3] * 3
    parts = np.split(prediction, np.cumsum(widths)[:-1], axis=1)
    total = 0.0
    for j, p in enumerate(parts):
        targets = y[:, j] if record.targets == "codes" else y[:, j : j + 1]
        losses = record.value(p, targets, params)
        total += sum(w * each for w, each in zip(weight[:, j], losses, strict=True) if w)
    total /= 3 if record.mean_over_outputs else 1
    weights = problem.network.weights
    penalty = problem.objective.alpha * sum(np.sum(W**2) for W in weights) / 2
    expected = (total + penalty) / (weight.sum() / 3)
    assert evaluate(engine, problem)[0] == pytest.approx(expected, rel=1e-12)


@every_loss
def test_the_gradient_equals_finite_differences(engine, draw, loss):
    problem = draw(loss)
    outputs = problem.spec.n_outputs if LOSSES[loss].mean_over_outputs else 1
    gradient = evaluate(engine, problem)[1]
    weights, n_weights = problem.parameters, problem.network.layout.n_weights
    # If the loss is a mean over targets, the gradient is that of their sum, but not the penalty's.
    divisor = problem.rows.weight.sum() / 3
    extra = np.zeros_like(weights)
    extra[:n_weights] = (outputs - 1) * problem.objective.alpha * weights[:n_weights] / divisor
    differences = [
        outputs
        * (evaluate(engine, problem, weights + h)[0] - evaluate(engine, problem, weights - h)[0])
        / 2e-5
        for h in 1e-5 * np.eye(weights.size)
    ]
    np.testing.assert_allclose(gradient + extra, differences, rtol=1e-7, atol=1e-9)


@every_loss
def test_equal_weights_of_a_samples_targets_are_the_weight_of_the_sample(engine, draw, loss):
    problem = draw(loss)
    weight = np.random.RandomState(1).uniform(0.5, 2, N_SAMPLES)
    each = np.repeat(weight[:, np.newaxis], 3, axis=1)
    value, gradient = evaluate(engine, problem, weight=each)
    expected_value, expected_gradient = evaluate(engine, problem, weight=weight)
    assert value == pytest.approx(expected_value, rel=1e-12)
    scale = np.abs(expected_gradient).max()
    np.testing.assert_allclose(gradient / scale, expected_gradient / scale, rtol=0, atol=1e-12)


@every_loss
def test_the_value_of_a_missing_target_has_no_effect(engine, draw, loss):
    problem = draw(loss)
    y = problem.rows.y.copy()
    y[problem.rows.weight == 0] = 0 if LOSSES[loss].targets == "codes" else 1
    assert (y != problem.rows.y).any()
    value, gradient = evaluate(engine, problem, y=y)
    expected_value, expected_gradient = evaluate(engine, problem)
    assert value == expected_value
    np.testing.assert_array_equal(gradient, expected_gradient)


@every_dtype
def test_an_overflowing_prediction_of_a_missing_target_has_no_effect(engine, draw, dtype):
    problem = draw("poisson", dtype)
    problem.rows.weight[:, 1] = 0
    problem.network.biases[-1][1] = 2000
    value, gradient = evaluate(engine, problem)
    assert math.isfinite(value)
    assert np.isfinite(gradient).all()


@every_loss
def test_a_batch_without_any_target_has_no_loss_and_no_gradient(engine, draw, loss):
    problem = draw(loss)
    value, gradient = evaluate(engine, problem, weight=np.zeros((N_SAMPLES, 3)))
    assert value == 0
    assert not gradient.any()


@every_loss
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_epochs_equal_the_references(engine, reference, draw, loss, optimizer):
    hyperparameters = {each.name: each.default for each in OPTIMIZERS[optimizer].hyperparameters}
    settings, order = OptimizerSettings(optimizer, hyperparameters), np.arange(N_SAMPLES)
    problem = draw(loss)
    # The second of three batches has no target at all.
    problem.rows.weight[8:16] = 0
    ours, parameters, _ = problem.trainer(engine, settings)
    theirs, expected, _ = problem.trainer(reference, settings)
    report = ours.epoch(order, 8, np.full(3, 0.01))
    expected_report = theirs.epoch(order, 8, np.full(3, 0.01))
    assert report.loss == pytest.approx(expected_report.loss, rel=1e-12)
    assert report.steps == expected_report.steps == 3
    np.testing.assert_allclose(parameters, expected, rtol=1e-9, atol=1e-12)


def test_weights_that_cancel_have_no_mean(engine, draw):
    problem = draw("squared_error")
    weight = np.zeros((N_SAMPLES, 3))
    weight[0, 0], weight[1, 1] = 1, -1
    with pytest.raises(ZeroDivisionError, match="weights of a whole batch sum to zero"):
        evaluate(engine, problem, weight=weight)


@every_dtype
def test_results_do_not_depend_on_the_number_of_threads(draw, dtype):
    from lamina.engines import choose_engine

    problem = draw("quantile", dtype)
    results = [evaluate(choose_engine("native", n), problem) for n in (1, 2, 3, 7)]
    for value, gradient in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


def test_rows_refuse_weights_of_another_shape(draw):
    from lamina.engines import choose_engine

    problem = draw("squared_error")
    rows = Rows(problem.rows.X, problem.rows.y, np.ones((N_SAMPLES, 2)))
    with pytest.raises(ValueError, match="do not fit the rows"):
        choose_engine("native", 1).loss_and_gradient(
            problem.spec, problem.objective, rows, problem.parameters
        )
