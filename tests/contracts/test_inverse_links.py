"""Every inverse link: shapes and precisions are kept, and large logits give finite values."""

import numpy as np
import pytest

from lamina.formulas import INVERSE_LINKS

every_inverse_link = pytest.mark.parametrize(
    "inverse_link", INVERSE_LINKS.values(), ids=INVERSE_LINKS
)


@every_inverse_link
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (5, 3)])
def test_a_prediction_has_the_shape_and_dtype_of_its_logits(inverse_link, dtype, shape):
    z = np.random.RandomState(0).standard_normal(shape).astype(dtype)
    p = inverse_link.value(z)
    assert p.shape == shape
    assert p.dtype == dtype


@every_inverse_link
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logits_far_from_zero_give_finite_predictions(inverse_link, dtype):
    z = np.array([[-80.0, 0.0, 80.0], [80.0, 80.0, 80.0], [-80.0, -80.0, -80.0]], dtype=dtype)
    assert np.isfinite(inverse_link.value(z)).all()


@every_inverse_link
def test_a_larger_logit_gives_no_smaller_prediction(inverse_link):
    z = np.random.RandomState(1).standard_normal((6, 4))
    raised = z.copy()
    raised[:, 2] += 0.5
    assert (inverse_link.value(raised)[:, 2] > inverse_link.value(z)[:, 2]).all()


@every_inverse_link
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_link_gives_finite_logits_of_a_prediction(inverse_link, dtype):
    z = 4 * np.random.RandomState(3).standard_normal((6, 4)).astype(dtype)
    found = inverse_link.link(inverse_link.value(z))
    assert found.dtype == dtype
    tolerance = 1e-12 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(inverse_link.value(found), inverse_link.value(z), rtol=tolerance)
    with np.errstate(all="ignore"):
        far = inverse_link.value(np.array([[-800.0, 0.0, 800.0, -9.0]], dtype=dtype))
    if np.isfinite(far).all():
        assert np.isfinite(inverse_link.link(far)).all()


@every_inverse_link
def test_logits_are_not_modified(inverse_link):
    z = np.random.RandomState(2).standard_normal((6, 4))
    before = z.copy()
    inverse_link.value(z)
    np.testing.assert_array_equal(z, before)
