"""Products on a device: operands that are rounded once, and TF32 where a device has it."""

import numpy as np
import pytest

from lamina.formulas import PRECISIONS

torch = pytest.importorskip("torch")

from lamina.engines.pytorch import products  # noqa: E402
from lamina.engines.pytorch.arrays import TensorArray  # noqa: E402

CPU = torch.device("cpu")
RNG = np.random.RandomState(0)


def draw(*shape):
    numbers = RNG.normal(size=shape).astype("f4")
    return numbers, TensorArray(torch.from_numpy(numbers))


@pytest.mark.parametrize("shapes", [((5, 4), (4, 3)), ((2, 5, 4), (2, 4, 3))])
def test_operands_are_rounded_as_the_reference_rounds_them(shapes):
    (a, of_a), (b, of_b) = (draw(*shape) for shape in shapes)
    nearest = PRECISIONS["bfloat16"].nearest
    found = products.product_on(CPU, "bfloat16")(of_a, of_b)
    np.testing.assert_allclose(found.tensor, nearest(a) @ nearest(b), rtol=1e-5, atol=1e-6)


def test_an_operand_of_two_products_is_rounded_once():
    (_, x), (_, W), (_, delta) = draw(5, 4), draw(4, 3), draw(5, 3)
    product = products.product_on(CPU, "bfloat16")
    np.exp(product(x, W))
    assert len(product._roundings) == 2
    np.exp(product(x.T, delta))
    np.exp(product(delta, W.T))
    assert len(product._roundings) == 3
    product.clear()
    assert not product._roundings


def test_an_operand_that_changes_is_rounded_again():
    (_, x), (_, W) = draw(5, 4), draw(4, 3)
    product = products.product_on(CPU, "bfloat16")
    before = np.exp(product(x, W)).tensor.clone()
    W += W
    after = np.exp(product(x, W)).tensor
    assert not torch.equal(before, after)
    fresh = products.product_on(CPU, "bfloat16")
    assert torch.equal(after, np.exp(fresh(x, W)).tensor)


def test_a_matrix_is_not_taken_for_a_part_of_it_or_for_its_transpose():
    _, square = draw(4, 4)
    product = products.product_on(CPU, "bfloat16")
    for operand in (square, square.T, square[:, :4:2].T, square[:2]):
        left = TensorArray(torch.eye(operand.shape[0]))
        rounded = operand.tensor.to(torch.bfloat16).to(torch.float32)
        assert torch.equal(np.maximum(product(left, operand), -np.inf).tensor, rounded)


def test_a_step_forgets_its_operands():
    from lamina import MLPClassifier

    product = []
    whole = products.RoundedProduct.__init__

    def begin(self, *args):
        whole(self, *args)
        product.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products.RoundedProduct, "__init__", begin)
        brief = {"max_iter": 200, "tol": 10, "n_iter_no_change": 1, "random_state": 0}
        model = MLPClassifier((5,), engine="pytorch", precision="bfloat16", **brief)
        model.fit(RNG.normal(size=(30, 4)), np.arange(30) % 2)
    assert product
    assert not product[0]._roundings


def test_tf32_is_set_for_the_product_alone():
    settings = torch.backends.cuda.matmul
    before = torch.get_float32_matmul_precision()
    (a, of_a), (b, of_b) = draw(5, 4), draw(4, 3)
    with products.tf32_allowed():
        assert getattr(settings, "fp32_precision", "tf32") == "tf32"
    assert torch.get_float32_matmul_precision() == before
    with pytest.raises(ValueError, match="inside"), products.tf32_allowed():
        raise ValueError("inside")
    assert torch.get_float32_matmul_precision() == before
    # A CPU has none, and computes in float32.
    found = products.product_on(CPU, "tf32")(of_a, of_b)
    np.testing.assert_allclose(found.tensor, a @ b, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU of NVIDIA")
def test_tf32_on_a_gpu_differs_from_float32_by_its_rounding():
    device = torch.device("cuda")
    a, b = (torch.randn(512, 512, device=device) for _ in range(2))
    exact = a.double() @ b.double()
    found = products.product_on(device, "tf32")(TensorArray(a), TensorArray(b)).tensor
    error = (found - exact).abs().max() / exact.abs().max()
    assert 1e-5 < error < 2e-3
