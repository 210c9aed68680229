"""Every engine's gradient equals finite differences, for all formulas."""

from dataclasses import replace

import numpy as np
import pytest

from lamina.formulas import LOSSES

HIDDEN = {"linear": (), "one-hidden": (5,), "two-hidden": (5, 4)}


@pytest.mark.parametrize("alpha", [0.0, 0.7])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_the_gradient_equals_finite_differences(
    engine, draw_problem, formulas, alpha, weighted, hidden, layout
):
    problem = draw_problem(
        (4, *hidden, 3),
        n_samples=6,
        alpha=alpha,
        layout=layout,
        weighted=weighted,
        seed=1,
        **formulas,
    )
    spec, objective, rows, parameters = (
        problem.spec,
        problem.objective,
        problem.rows,
        problem.parameters,
    )
    _, gradient = engine.loss_and_gradient(spec, objective, rows, parameters)

    # If the loss is a mean over outputs, the gradient is that of their sum, but not the penalty's.
    outputs = spec.n_outputs if LOSSES[objective.loss].mean_over_outputs else 1
    scaled = replace(objective, alpha=alpha / outputs)

    def value(parameters):
        return outputs * engine.loss_and_gradient(spec, scaled, rows, parameters)[0]

    differences = [
        (value(parameters + h) - value(parameters - h)) / 2e-5
        for h in 1e-5 * np.eye(parameters.size)
    ]
    np.testing.assert_allclose(gradient, differences, rtol=1e-7, atol=1e-9)
