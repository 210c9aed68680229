"""Exports of independent members: the mean of their predictions, in every format."""

import numpy as np
import pytest

import lamina
from lamina.errors import ExportError
from lamina.members import Independent

TOLERANCE = {"float32": 1e-5, "float64": 1e-11}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_kind_of_output_is_the_mean_of_the_members(run, kind, fit, answer, rows, dtype):
    model, X = fit(kind, dtype, members=Independent(3)), rows.astype(dtype)
    if run.__name__ == "run_torch" and kind.startswith(("columns", "mean")):
        with pytest.raises(ExportError, match="3 members does not support"):
            run(model, X)
        return
    expected, actual = answer(model, X), run(model, X)
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(
        actual, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * abs(expected).max()
    )


@pytest.mark.parametrize(
    "options",
    [
        {"normalization": "batch", "activation": "prelu"},
        {"residual": True, "hidden_layer_sizes": (5, 5)},
        {"hidden_layer_sizes": ()},
        {"inputs": lamina.inputs.Periodic()},
    ],
    ids=str,
)
def test_every_part_of_a_member_is_exported(run, fit, answer, rows, options):
    model = fit("numbers", members=Independent(2), **options)
    np.testing.assert_allclose(run(model, rows), answer(model, rows), rtol=1e-9, atol=1e-11)


def test_scikit_learns_class_is_one_network(fit):
    with pytest.raises(ExportError):
        lamina.to_sklearn(fit("multiclass", members=Independent(2)))
