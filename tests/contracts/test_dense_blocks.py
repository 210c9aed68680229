"""Every option of dense blocks: gradients, the reference's numbers, independence of threads."""

import numpy as np
import pytest

from lamina.engines import OptimizerSettings, choose_engine
from lamina.engines.native import NativeEngine
from lamina.formulas import ACTIVATIONS, LOSSES, NORMALIZATIONS
from lamina.network import ParameterLayout

WIDTHS = (9, 17, 17, 17, 3)
N_SAMPLES = 53
TOLERANCE = {"float64": 1e-11, "float32": 2e-5}
OPTIONS = {
    **{name: {"normalization": name} for name in NORMALIZATIONS},
    "residual": {"residual": True},
    "dropout": {"dropout": 0.4},
    "mixed dropout": {"dropout": (0.0, 0.3, 0.6)},
    "input dropout": {"input_dropout": 0.25},
    "input noise": {"input_noise": 0.5},
    "output activation": {"output_activation": "tanh"},
    "ntk": {"ntk": True},
    "ntk with all": {"ntk": True, "normalization": "batch", "residual": True, "dropout": 0.3},
    **{
        f"all with {name}": {
            "normalization": name,
            "residual": True,
            "dropout": 0.3,
            "input_dropout": 0.1,
            "input_noise": 0.2,
        }
        for name in NORMALIZATIONS
    },
}
# Adam would turn the rounding error of a zero derivative, such as that of a bias before a batch
# normalization, into a full step.
SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})

every_block = pytest.mark.parametrize("blocks", OPTIONS.values(), ids=OPTIONS)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
# An activation whose derivative uses a, one that uses z, and one with learned parameters.
every_way = pytest.mark.parametrize("activation", ["tanh", "gelu", "prelu"])


def assert_close(actual, expected, dtype):
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    scale = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


def trained(engine, problem, batch_size=10, seed=12345678901234567890, n_epochs=3):
    trainer, parameters, state = problem.trainer(engine, SGD)
    state.seed = seed
    random_state, reports = np.random.RandomState(1), []
    for _ in range(n_epochs):
        order = random_state.permutation(N_SAMPLES)
        rates = np.full(-(-N_SAMPLES // batch_size), 0.001)
        reports.append(trainer.epoch(order, batch_size, rates))
    return parameters, reports


@every_block
@every_way
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
def test_the_gradient_equals_finite_differences(engine, draw_problem, blocks, activation, weighted):
    widths = (4, 5, 5, 5, 2)
    problem = draw_problem(widths, n_samples=7, activation=activation, weighted=weighted, **blocks)
    asked = (problem.spec, problem.objective, problem.rows)
    _, gradient = engine.loss_and_gradient(*asked, problem.parameters)
    outputs = 2 if LOSSES[problem.objective.loss].mean_over_outputs else 1
    plain = type(problem.objective)(problem.objective.loss, problem.objective.alpha / outputs)

    def value(parameters):
        return engine.loss_and_gradient(problem.spec, plain, problem.rows, parameters)[0]

    differences = [
        outputs * (value(problem.parameters + h) - value(problem.parameters - h)) / 2e-5
        for h in 1e-5 * np.eye(problem.parameters.size)
    ]
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-8)


@every_block
@every_way
@every_dtype
@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_loss_gradient_and_passes_equal_the_references(
    engine, reference, draw_problem, blocks, activation, dtype, layout
):
    problem = draw_problem(
        WIDTHS, n_samples=N_SAMPLES, activation=activation, dtype=dtype, layout=layout, **blocks
    )
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    loss, gradient = engine.loss_and_gradient(*asked)
    expected_loss, expected_gradient = reference.loss_and_gradient(*asked)
    assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype])
    assert_close(gradient, expected_gradient, dtype)
    X = problem.rows.X
    for rows in (X, X[:3]):
        predicted = engine.predict(problem.network, rows)
        assert_close(predicted, reference.predict(problem.network, rows), dtype)
    found, expected = (each.activations(problem.network, X) for each in (engine, reference))
    for layer, reference_value in zip(found, expected, strict=True):
        assert_close(layer, reference_value, dtype)


@every_block
@every_way
@every_dtype
@pytest.mark.parametrize("batch_size", [1, 10, 13, N_SAMPLES])
def test_some_epochs_equal_the_references(
    engine, reference, draw_problem, blocks, activation, dtype, batch_size
):
    problem = draw_problem(
        WIDTHS, n_samples=N_SAMPLES, activation=activation, dtype=dtype, **blocks
    )
    parameters, reports = trained(engine, problem, batch_size)
    expected, expected_reports = trained(reference, problem, batch_size)
    for report, reference_value in zip(reports, expected_reports, strict=True):
        assert report.loss == pytest.approx(reference_value.loss, rel=10 * TOLERANCE[dtype])
        assert report[1:] == reference_value[1:]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(parameters, expected, rtol=0, atol=10 * TOLERANCE[dtype] * scale)


@every_block
@every_dtype
def test_the_number_of_threads_changes_no_bit(draw_problem, blocks, dtype):
    problem = draw_problem(WIDTHS, n_samples=N_SAMPLES, activation="silu", dtype=dtype, **blocks)
    alone, alone_reports = trained(NativeEngine(1), problem)
    for n_threads in (2, 3):
        several, reports = trained(NativeEngine(n_threads), problem)
        np.testing.assert_array_equal(several, alone)
        assert reports == alone_reports


@every_block
def test_another_seed_changes_the_result_only_if_something_is_drawn(engine, draw_problem, blocks):
    problem = draw_problem(WIDTHS, n_samples=N_SAMPLES, **blocks)
    one, other = (trained(engine, problem, seed=seed)[0] for seed in (1, 1 << 40))
    assert (one != other).any() == problem.spec.draws


@pytest.mark.parametrize("name", [n for n, each in NORMALIZATIONS.items() if each.statistics])
def test_running_statistics_converge_to_those_of_the_data(engine, draw_problem, name):
    problem = draw_problem((9, 6, 3), n_samples=N_SAMPLES, activation="tanh", normalization=name)
    still = OptimizerSettings("sgd", {"momentum": 0.0, "nesterovs_momentum": 0.0})
    trainer, parameters, _ = problem.trainer(engine, still)
    for _ in range(300):
        trainer.epoch(np.arange(N_SAMPLES), N_SAMPLES, np.array([1e-300]))
    views = ParameterLayout.from_spec(problem.spec).views(parameters)
    z = problem.rows.X @ views.weights[0] + views.biases[0]
    np.testing.assert_allclose(views.statistics[0][0], z.mean(axis=0), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(views.statistics[0][1], z.var(axis=0, ddof=1), rtol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_works_with_a_normalized_z(engine, reference, draw_problem, activation):
    problem = draw_problem(
        WIDTHS, n_samples=N_SAMPLES, activation=activation, normalization="layer", residual=True
    )
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    assert_close(
        engine.loss_and_gradient(*asked)[1], reference.loss_and_gradient(*asked)[1], "float64"
    )


def test_a_batch_of_several_chunks_works_without_batch_normalization(reference, draw_problem):
    problem = draw_problem((3, 2100, 2100, 1), n_samples=700, normalization="layer", dropout=0.5)
    trainer, parameters, state = problem.trainer(choose_engine("native"), SGD)
    theirs, expected, their_state = problem.trainer(reference, SGD)
    state.seed = their_state.seed = 7
    order = np.arange(700)[::-1].copy()
    for each in (trainer, theirs):
        each.epoch(order, 700, np.array([1e-3]))
    np.testing.assert_allclose(parameters, expected, rtol=0, atol=1e-9)
