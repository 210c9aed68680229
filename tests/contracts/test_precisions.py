"""Every precision of products, in every engine: the reference's numbers.

Engines round the same given numbers identically. Numbers that they compute themselves differ in the
last bits of float32, and once in some ten thousand numbers that decides which way one is rounded:
by one unit of the precision, 2⁻⁸ of the number in bfloat16. So nearly all numbers must agree as in
float32, and all within such a unit of the largest.
"""

import numpy as np
import pytest

from lamina.engines import OptimizerSettings, choose_engine
from lamina.formulas import ACTIVATIONS, PRECISIONS
from lamina.network import ParameterLayout

UNIT = {"bfloat16": 2.0**-8}
FLOAT32 = 1e-5
# Products of unrounded numbers would differ by at least ten times as much.
NEARLY_ALL = 1e-6
# A precision changes gradients, not the steps made from them. Other optimizers divide by a root, or
# take the sign, of a nearly vanished gradient, which turns a last bit's rounding into a full step.
SETTINGS = {
    "sgd": {"momentum": 0.9, "nesterovs_momentum": 1.0},
    "adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8},
}
N_SAMPLES = 37

every_precision = pytest.mark.parametrize("precision", PRECISIONS)
every_layout = pytest.mark.parametrize("layout", ["dense", "csr"])
every_weighting = pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])


@pytest.fixture
def rounding(engine, precision):
    """Return the engine with its products in the precision."""
    return choose_engine(engine.name, precision=precision)


@pytest.fixture
def expected(precision):
    """Return the reference engine with its products in the precision."""
    return choose_engine("reference", precision=precision)


@pytest.fixture
def problem(draw_problem, formulas, layout, weighted):
    return draw_problem(
        (9, 13, 6, 3),
        n_samples=N_SAMPLES,
        dtype="float32",
        layout=layout,
        weighted=weighted,
        **formulas,
    )


def asked(problem):
    return problem.spec, problem.objective, problem.rows, problem.parameters


def parts(spec, vector):
    return [
        part for kind in ParameterLayout.from_spec(spec).views(vector) for part in kind if part.size
    ]


def assert_rounded_alike(actual, expected, precision):
    assert median_within_a_unit(actual, expected, precision) <= NEARLY_ALL


def median_within_a_unit(actual, expected, precision):
    """Return the median difference relative to the largest number; all must be within a unit."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype == np.float32
    off = np.abs(actual - expected) / np.abs(expected).max()
    assert off.max() <= UNIT[precision]
    return np.median(off)


def test_every_precision_is_tested_with_its_unit():
    assert UNIT.keys() == PRECISIONS.keys()


@every_precision
def test_the_nearest_number_differs_by_at_most_half_a_unit(precision):
    x = np.random.RandomState(0).standard_normal(10_000).astype(np.float32)
    nearest, unit = PRECISIONS[precision].nearest(x), UNIT[precision]
    assert (np.abs(nearest - x) <= unit / 2 * 2.0 ** np.ceil(np.log2(np.abs(x)))).all()
    np.testing.assert_array_equal(PRECISIONS[precision].nearest(nearest), nearest)
    assert nearest.dtype == np.float32
    assert (nearest != x).any()


def test_ties_in_bfloat16_round_to_even_and_the_ends_of_the_range_stay():
    x = [1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 1 + 2**-8 + 2**-20, 0.0, -0.0]
    x = np.array([*x, np.inf, -np.inf, np.nan, np.finfo("f").max], dtype="f")
    expected = [1, 1 + 2**-6, -1, 1 + 2**-7, 0, 0, np.inf, -np.inf, np.nan, np.inf]
    np.testing.assert_array_equal(PRECISIONS["bfloat16"].nearest(x), expected)
    assert np.signbit(PRECISIONS["bfloat16"].nearest(x)[5])


@every_precision
@every_layout
@every_weighting
def test_loss_gradient_and_prediction_equal_the_references(rounding, expected, problem, precision):
    spec, X = problem.spec, problem.rows.X
    loss, gradient = rounding.loss_and_gradient(*asked(problem))
    expected_loss, expected_gradient = expected.loss_and_gradient(*asked(problem))
    assert loss == pytest.approx(expected_loss, rel=UNIT[precision])
    for part, reference_value in zip(
        parts(spec, gradient), parts(spec, expected_gradient), strict=True
    ):
        assert_rounded_alike(part, reference_value, precision)
    predicted, reference_value = (e.predict(problem.network, X) for e in (rounding, expected))
    assert_rounded_alike(predicted, reference_value, precision)
    layers, wanted_layers = (e.activations(problem.network, X) for e in (rounding, expected))
    for layer, reference_value in zip(layers, wanted_layers, strict=True):
        assert_rounded_alike(layer, reference_value, precision)


@every_precision
@every_layout
@every_weighting
@pytest.mark.parametrize("optimizer", SETTINGS)
def test_a_few_steps_equal_the_references(rounding, expected, problem, precision, optimizer):
    settings = OptimizerSettings(optimizer, SETTINGS[optimizer])
    ours, parameters, state = problem.trainer(rounding, settings)
    theirs, expected_parameters, expected_state = problem.trainer(expected, settings)
    random_state, medians = np.random.RandomState(1), []
    for batch_size in (10, 16, 37):
        order = random_state.permutation(N_SAMPLES)
        for start in range(0, N_SAMPLES, batch_size):
            batch = order[start : start + batch_size]
            report, reference_value = (
                one.epoch(batch, len(batch), np.array([0.001])) for one in (ours, theirs)
            )
            assert report.loss == pytest.approx(reference_value.loss, rel=UNIT[precision])
            assert report[1:] == reference_value[1:]
            pairs = [(parameters, expected_parameters)]
            pairs += zip(state.slots, expected_state.slots, strict=True)
            medians.append(max(median_within_a_unit(*pair, precision) for pair in pairs))
            # A number that was rounded the other way would move all of the later ones.
            expected_parameters[:], expected_state.slots[:] = parameters, state.slots
    # One delta of the last layer that was rounded the other way moves the gradient of all layers
    # before it; it happens in one step of some thousands.
    assert sorted(medians)[-2] <= NEARLY_ALL


@every_precision
def test_one_product_of_given_numbers_agrees_as_in_float32(
    rounding, expected, draw_problem, precision
):
    problem = draw_problem((300, 40), n_samples=90, dtype="float32")
    X = problem.rows.X
    predicted, reference_value = (e.predict(problem.network, X) for e in (rounding, expected))
    np.testing.assert_allclose(
        predicted, reference_value, rtol=0, atol=FLOAT32 * np.abs(reference_value).max()
    )


@every_precision
def test_the_gradient_is_near_that_of_full_precision(
    rounding, engine, draw_problem, precision, formulas
):
    problem = draw_problem((40, 60, 30, 3), n_samples=200, dtype="float32", **formulas)
    _, rounded = rounding.loss_and_gradient(*asked(problem))
    _, full = engine.loss_and_gradient(*asked(problem))
    # Half a unit for each of the eight operands on a gradient's way; if the derivative has a jump,
    # hidden units that rounding carries across it count in full.
    activation, z = ACTIVATIONS[problem.spec.blocks[0].activation], np.array([-1e-6, 1e-6])
    learned = [np.full(1, parameter.initial) for parameter in activation.parameters]
    below, above = activation.derivative(z, activation.value(z, *learned), *learned)
    units = 16 if above - below > 0.5 else 4
    assert 0 < np.linalg.norm(rounded - full) <= units * UNIT[precision] * np.linalg.norm(full)


@every_precision
def test_a_network_that_overflows_is_an_epoch_that_names_a_block(rounding, draw_problem, precision):
    problem = draw_problem((4, 6, 3), n_samples=8, activation="identity", dtype="float32").copy()
    ParameterLayout.from_spec(problem.spec).views(problem.parameters).weights[1][...] = 3e38
    settings = OptimizerSettings("sgd", SETTINGS["sgd"])
    report = problem.trainer(rounding, settings)[0].epoch(np.arange(8), 8, np.full(1, 0.1))
    assert not np.isfinite(report.loss)
    assert report.non_finite_block == 1
