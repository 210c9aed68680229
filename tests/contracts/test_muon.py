"""Muon on matrices: orthogonal directions, PyTorch's numbers, and steps of AdamW's size."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lamina import MLPClassifier, trace_step
from lamina.engines import OptimizerSettings, choose_engine
from lamina.formulas import OPTIMIZERS
from lamina.formulas.muon import orthogonalised

SHAPES = [(3, 3), (4, 30), (30, 4), (1, 7), (7, 1), (40, 50)]
OF = {"momentum": 0.95, "nesterovs_momentum": 1.0, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
OF |= {"hidden_only": 0.0, "matches_adamw": 1.0, "adamw_rate": 1.0, "adamw_decay": 1.0}


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
@pytest.mark.parametrize("rule", ["match_rms_adamw", "original"])
def test_every_step_equals_pytorchs_up_to_its_bfloat16_rounding(shape, nesterov, rule):
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    W, M = rng.standard_normal(shape), np.zeros(shape)
    theirs = torch.tensor(W.T.copy(), requires_grad=True)
    optimizer = torch.optim.Muon([theirs], 0.01, 0.0, nesterov=bool(nesterov), adjust_lr_fn=rule)
    params = OF | {"nesterovs_momentum": nesterov, "matches_adamw": rule != "original"}
    for _ in range(3):
        before, G = W.copy(), rng.standard_normal(shape)
        OPTIMIZERS["muon"].matrix_update(W, G, [M], 0.01, params)
        theirs.grad = torch.tensor(G.T.copy())
        theirs_before = theirs.detach().numpy().copy()
        optimizer.step()
        ours, expected = W - before, (theirs.detach().numpy() - theirs_before).T
        assert np.linalg.norm(ours - expected) < 0.05 * np.linalg.norm(expected)


@pytest.mark.parametrize("shape", [(4, 30), (30, 4), (40, 50)])
def test_the_elements_of_a_step_are_a_fifth_of_the_learning_rate(shape):
    W, M = np.zeros(shape), np.zeros(shape)
    G = np.random.RandomState(1).standard_normal(shape)
    OPTIMIZERS["muon"].matrix_update(W, G, [M], 0.1, OF)
    assert np.sqrt(np.mean(W**2)) == pytest.approx(0.2 * 0.1, rel=0.2)
    np.testing.assert_allclose(M, 0.05 * G)


def test_a_linear_map_is_found():
    rng = np.random.RandomState(2)
    target, W, M = rng.standard_normal((6, 4)), np.zeros((6, 4)), np.zeros((6, 4))
    for rate in (0.3, 0.03, 0.003, 0.0003):
        for _ in range(200):
            OPTIMIZERS["muon"].matrix_update(W, W - target, [M], rate, OF)
    np.testing.assert_allclose(W, target, atol=5e-3)


JORDANS = OF | {"hidden_only": 1.0, "matches_adamw": 0.0, "adamw_rate": 0.1, "adamw_decay": 0.5}
NETWORKS = {
    "two hidden": {"widths": (5, 7, 6, 3)},
    "wide": {"widths": (40, 60, 70, 33), "n_samples": 120},
    "normalized": {"widths": (5, 7, 9, 6, 3), "normalization": "batch", "activation": "prelu"},
    "one hidden": {"widths": (5, 7, 3)},
    "csr": {"widths": (5, 7, 6, 3), "layout": "csr"},
}


def trained(engine, problem, params, **around):
    settings = OptimizerSettings("muon", params, weight_decay=0.2, **around)
    trainer, parameters, state = problem.trainer(engine, settings)
    n = problem.rows.X.shape[0]
    for epoch in range(3):
        order = np.random.RandomState(epoch).permutation(n)
        trainer.epoch(order, 8, np.linspace(0.01, 0.02, -(-n // 8)))
    return parameters, state.slots


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 2e-4)])
@pytest.mark.parametrize("around", [{}, {"max_gradient_norm": 0.3, "average_decay": 0.9}])
@pytest.mark.parametrize("name", NETWORKS)
def test_jordans_form_gives_the_numbers_of_the_reference(
    engine, reference, draw_problem, name, around, dtype, tolerance
):
    problem = draw_problem(dtype=dtype, **NETWORKS[name])
    for ours, theirs in zip(
        trained(engine, problem, JORDANS, **around),
        trained(reference, problem, JORDANS, **around),
        strict=True,
    ):
        largest = np.abs(theirs).max()
        np.testing.assert_allclose(ours, theirs, atol=tolerance * largest)


@pytest.mark.parametrize("name", NETWORKS)
def test_jordans_form_gives_the_same_bits_for_every_number_of_threads(draw_problem, name):
    problem = draw_problem(dtype="float32", **NETWORKS[name])
    several = {
        b"".join(each.tobytes() for each in trained(choose_engine("native", n), problem, JORDANS))
        for n in (1, 2, 3, 7, 16)
    }
    assert len(several) == 1


def test_a_step_is_muons_between_hidden_layers_and_adamws_elsewhere(engine, draw_problem):
    problem = draw_problem(widths=(5, 7, 6, 3))
    adam = {name: OF[name] for name in ("beta_1", "beta_2", "epsilon")}
    views = {}
    for name, params, rate, decay in [
        ("muon", JORDANS, 0.01, 0.2),
        ("adamw", adam, 0.001, 0.1),
        ("muon", OF | {"matches_adamw": 0.0}, 0.01, 0.2),
    ]:
        settings = OptimizerSettings(name, params, weight_decay=decay)
        trainer, parameters, _ = problem.trainer(engine, settings)
        trainer.epoch(np.arange(11), 11, np.array([rate]))
        key = "jordan" if params is JORDANS else name
        views[key] = problem.network.with_parameters(parameters).blocks
    for i, block in enumerate(views["jordan"]):
        of_W = views["muon" if i == 1 else "adamw"][i]
        np.testing.assert_allclose(block.W, of_W.W, rtol=1e-12)
        np.testing.assert_allclose(block.b, views["adamw"][i].b, rtol=1e-12)


def test_the_steps_of_the_defaults_are_those_of_the_factors_one(engine, draw_problem):
    problem = draw_problem(widths=(5, 7, 6, 3))
    defaults = {h.name: h.default for h in OPTIMIZERS["muon"].hyperparameters}
    ones = defaults | {"adamw_rate": 1, "adamw_decay": 1.0}
    found, expected = (trained(engine, problem, params)[0] for params in (defaults, ones))
    assert found.tobytes() == expected.tobytes()


def test_a_traced_step_of_jordans_form_is_the_step_of_a_fit():
    from lamina.solvers import Muon

    X, y = load_digits(n_class=3, return_X_y=True)
    X, solver = X[:30] / 16, Muon(hidden_only=True, matches_adamw=False, adamw_rate=0.1)
    ways = {"solver": solver, "weight_decay": 0.1, "batch_size": 30, "random_state": 0}
    ways |= {"hidden_layer_sizes": (6, 5), "shuffle": False, "learning_rate_init": 0.02}
    start = MLPClassifier(**ways).partial_fit(X, y[:30], classes=[0, 1, 2])
    trace = trace_step(start, X, y[:30])
    before = [W.copy() for W in start.coefs_]
    start.partial_fit(X, y[:30])
    for layer, W, W_before in zip(trace.layers, start.coefs_, before, strict=True):
        np.testing.assert_allclose(layer.update_W, W - W_before, rtol=1e-8, atol=1e-10)
    assert "at 0.1 η" in next(n for n in trace.numbers if n.name == "update_W").formula
