"""Muon on matrices: orthogonal directions, PyTorch's numbers, and steps of AdamW's size."""

import numpy as np
import pytest

from lamina.formulas import OPTIMIZERS
from lamina.formulas.muon import orthogonalised

SHAPES = [(3, 3), (4, 30), (30, 4), (1, 7), (7, 1), (40, 50)]
OF = {"momentum": 0.95, "nesterovs_momentum": 1.0, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


def matrix_of(singular_values, shape, seed=0):
    rng = np.random.RandomState(seed)
    k = min(shape)
    U, V = (np.linalg.qr(rng.standard_normal((n, k)))[0] for n in shape)
    return U @ np.diag(np.resize(singular_values, k)) @ V.T


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e9])
def test_all_singular_values_become_about_one(shape, scale):
    G = scale * matrix_of([1.0, 0.3, 0.1, 0.03], shape)
    direction = orthogonalised(G)
    assert direction.shape == shape
    values = np.linalg.svd(direction, compute_uv=False)
    assert 0.65 < values.min() <= values.max() < 1.25


@pytest.mark.parametrize("shape", SHAPES)
def test_the_directions_stay_those_of_the_gradient(shape):
    G = matrix_of([1.0, 0.5], shape)
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    aligned = U.T @ orthogonalised(G) @ Vt.T
    np.testing.assert_allclose(aligned, np.diag(np.diag(aligned)), atol=1e-9)
    assert (np.diag(aligned) > 0).all()


def test_a_zero_gradient_gives_a_zero_direction():
    assert not orthogonalised(np.zeros((3, 4))).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("nesterov", [0.0, 1.0])
def test_every_step_equals_pytorchs_up_to_its_bfloat16_rounding(shape, nesterov):
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    W, M = rng.standard_normal(shape), np.zeros(shape)
    theirs = torch.tensor(W.T.copy(), requires_grad=True)
    optimizer = torch.optim.Muon(
        [theirs], 0.01, 0.0, nesterov=bool(nesterov), adjust_lr_fn="match_rms_adamw"
    )
    params = OF | {"nesterovs_momentum": nesterov}
    for step in range(1, 4):
        before, G = W.copy(), rng.standard_normal(shape)
        OPTIMIZERS["muon"].matrix_update(W, G, [M], step, 0.01, params)
        theirs.grad = torch.tensor(G.T.copy())
        theirs_before = theirs.detach().numpy().copy()
        optimizer.step()
        ours, expected = W - before, (theirs.detach().numpy() - theirs_before).T
        assert np.linalg.norm(ours - expected) < 0.05 * np.linalg.norm(expected)


@pytest.mark.parametrize("shape", [(4, 30), (30, 4), (40, 50)])
def test_the_elements_of_a_step_are_a_fifth_of_the_learning_rate(shape):
    W, M = np.zeros(shape), np.zeros(shape)
    G = np.random.RandomState(1).standard_normal(shape)
    OPTIMIZERS["muon"].matrix_update(W, G, [M], 1, 0.1, OF)
    assert np.sqrt(np.mean(W**2)) == pytest.approx(0.2 * 0.1, rel=0.2)
    np.testing.assert_allclose(M, 0.05 * G)


def test_a_linear_map_is_found():
    rng = np.random.RandomState(2)
    target, W, M = rng.standard_normal((6, 4)), np.zeros((6, 4)), np.zeros((6, 4))
    for rate in (0.3, 0.03, 0.003, 0.0003):
        for step in range(1, 201):
            OPTIMIZERS["muon"].matrix_update(W, W - target, [M], step, rate, OF)
    np.testing.assert_allclose(W, target, atol=5e-3)
