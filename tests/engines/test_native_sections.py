"""Products of the native engine at widths that fill no whole register, and sections of a batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.engines import OptimizerSettings

NativeEngine = pytest.importorskip("lamina.engines.native").NativeEngine

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
ADAM = OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-3})

problems = st.fixed_dictionaries(
    {
        # Outputs fill parts of a register and of half of one; hidden units end in each of them.
        "widths": st.tuples(st.integers(1, 40), st.integers(33, 110), st.integers(1, 17))
        | st.tuples(st.integers(1, 20), st.integers(33, 90), st.integers(1, 60), st.integers(1, 9)),
        # 48 samples are the smallest section, and eight sections the most.
        "n_samples": st.sampled_from([47, 95, 96, 97, 144, 200, 383, 384, 1300]),
        "activation": st.sampled_from(["relu", "tanh", "gelu"]),
        "loss": st.sampled_from(["squared_error", "log_loss", "binary_log_loss"]),
        "alpha": st.sampled_from([0.0, 0.1]),
        "dtype": st.sampled_from(["float64", "float32"]),
        "weighted": st.booleans(),
        "seed": st.integers(0, 99),
    }
)


def trained(problem, engine, n_samples, seed):
    order = np.random.RandomState(seed).permutation(n_samples)
    trainer, parameters, state = problem.trainer(engine, ADAM)
    reports = [trainer.epoch(order, n_samples, np.full(1, 1e-3)) for _ in range(2)]
    gradient = engine.loss_and_gradient(
        problem.spec, problem.objective, problem.rows, problem.parameters
    )[1]
    losses = np.array([report.loss for report in reports], parameters.dtype)
    return [parameters, state.slots, losses, gradient]


@settings(max_examples=30)
@given(drawn=problems)
def test_batches_train_like_the_reference(reference, draw_problem, drawn):
    problem, n_samples = draw_problem(**drawn), drawn["n_samples"]
    ours = trained(problem, NativeEngine(), n_samples, drawn["seed"])
    theirs = trained(problem, reference, n_samples, drawn["seed"])
    for one, other in zip(ours, theirs, strict=True):
        scale = max(1, np.abs(other).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE[drawn["dtype"]] * scale)


@settings(max_examples=15)
@given(drawn=problems)
def test_sections_give_the_same_bits_on_every_number_of_threads(draw_problem, drawn):
    problem, n_samples = draw_problem(**drawn), drawn["n_samples"]
    alone = trained(problem, NativeEngine(1), n_samples, drawn["seed"])
    for n_threads in (2, 3, 5):
        for one, many in zip(
            alone, trained(problem, NativeEngine(n_threads), n_samples, drawn["seed"]), strict=True
        ):
            np.testing.assert_array_equal(one, many)
