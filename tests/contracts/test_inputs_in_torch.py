"""Every kind of inputs has the outputs and gradients of modules of PyTorch with the same arrays."""

import math

import numpy as np
import pytest
from tests.engines.local_engines import LOCAL_ENGINES

from lamina.blocks import INPUT_KINDS, InputStage
from lamina.blocks.inputs import (
    CategoricalInputs,
    IdentityInputs,
    OneHotInputs,
    PeriodicInputs,
    PiecewiseLinearInputs,
    ScaledInputs,
)
from lamina.engines import Objective, Rows, choose_engine
from lamina.engines.native import NativeEngine
from lamina.network import Network, NetworkSpec, ParameterLayout

torch = pytest.importorskip("torch")

N_SAMPLES = 12
EDGES = [[-1.0, -0.25, 0.5, 1.5], [-0.5, 0.0, 0.75], [0.0, 2.0]]


def embed_periodically(x, w1, b1, W2, b2):
    """PBLD: x beside an affine function of learned cosines, each column with its own."""
    cosines = torch.cos(2 * math.pi * x[..., None] * w1 + b1)
    embedded = torch.einsum("nck,ckm->ncm", cosines, W2) + b2
    return torch.cat([x[..., None], embedded], dim=2).flatten(1)


def embed_piecewise(x, w, b, V, edges):
    """Version B of rtdl_num_embeddings, whose last bin has the last place of a column."""
    rtdl = pytest.importorskip("rtdl_num_embeddings")
    _, n, m = V.shape
    module = rtdl.PiecewiseLinearEmbeddings(
        [torch.tensor(each) for each in EDGES], m, activation=False, version="B"
    )
    moved = torch.zeros_like(V)
    for j, each in enumerate(EDGES):
        n_bins = len(each) - 1
        moved[j, : n_bins - 1], moved[j, n - 1] = V[j, : n_bins - 1], V[j, n_bins - 1]
    names = {"linear0.weight": w, "linear0.bias": b, "linear.weight": moved}
    return torch.func.functional_call(module, names, (x,)).flatten(1)


def embed_codes(x, *tables):
    codes = x.long()
    return torch.cat([table[codes[:, j]] for j, table in enumerate(tables)], dim=1)


def encode_one_hot(x):
    each = zip(x.long().T, (3, 4), strict=True)
    return torch.cat([torch.nn.functional.one_hot(c, n)[:, 1:] for c, n in each], dim=1)


def scale(embed):
    """Return a function of the same arrays and of a factor of each output, behind the others."""
    return lambda x, *arrays: embed(x, *arrays[:-1]) * arrays[-1]


def scale_piecewise(x, w, b, V, factors, edges):
    return embed_piecewise(x, w, b, V, edges) * factors


# The group of columns, and the function of x and of its arrays in PyTorch.
CASES = {
    "identity": (IdentityInputs((2, 0, 1)), lambda x: x),
    "scaled": (ScaledInputs((2, 0, 1)), lambda x, scale: x * scale),
    "periodic": (PeriodicInputs((2, 0, 1), 5, 3, 0.5), embed_periodically),
    "piecewise_linear": (PiecewiseLinearInputs((2, 0, 1), 3, 4), embed_piecewise),
    "categorical": (CategoricalInputs((1, 0), (3, 4), 2), embed_codes),
    "one_hot": (OneHotInputs((1, 0), (3, 4)), encode_one_hot),
    "periodic scaled": (
        PeriodicInputs((2, 0, 1), 5, 3, 0.5, scaled=True),
        scale(embed_periodically),
    ),
    "piecewise_linear scaled": (
        PiecewiseLinearInputs((2, 0, 1), 3, 4, scaled=True),
        scale_piecewise,
    ),
    "categorical scaled": (
        CategoricalInputs((1, 0), (3, 4), 2, scaled=True),
        scale(embed_codes),
    ),
    "one_hot scaled": (OneHotInputs((1, 0), (3, 4), scaled=True), scale(encode_one_hot)),
}
PAIRS = [
    (engine, name)
    for engine in LOCAL_ENGINES
    for name, (group, _) in CASES.items()
    if engine == "reference" or {"input_stage", group.kind} <= NativeEngine.kinds
]


def network_of(group):
    n_columns = len(group.columns)
    stage = InputStage("inputs", n_columns, (group,))
    spec = NetworkSpec.perceptron([n_columns, 6, 1], "tanh", "identity", inputs=stage)
    random_state = np.random.RandomState(0)
    vector = random_state.uniform(-1, 1, ParameterLayout.from_spec(spec).n_parameters)
    network = Network(spec, vector.astype(np.float32))
    if isinstance(group, PiecewiseLinearInputs):
        group.write_edges(network.blocks[0], [np.array(each) for each in EDGES])
    return network


def samples_of(group):
    random_state = np.random.RandomState(1)
    X = random_state.standard_normal((N_SAMPLES, len(group.columns)))
    for column, n_codes in zip(group.columns, group.n_codes, strict=False):
        X[:, column] = random_state.randint(n_codes, size=N_SAMPLES)
    return X.astype(np.float32)


@pytest.mark.filterwarnings("ignore:The 2-th feature has just two bin edges")
@pytest.mark.parametrize(("engine", "name"), PAIRS)
def test_outputs_and_gradients_equal_those_of_pytorch(engine, name):
    group, in_torch = CASES[name]
    network, X = network_of(group), samples_of(group)
    y = np.random.RandomState(2).standard_normal((N_SAMPLES, 1)).astype(np.float32)
    tensors = [
        [torch.tensor(part, requires_grad=True) for part in parts]
        for parts in (network.input_parameters, network.weights, network.biases)
    ]
    inputs, (W1, W2), (b1, b2) = tensors
    edges = [torch.tensor(part) for part in network.statistics if part.size]
    a_0 = in_torch(torch.tensor(X[:, group.columns]), *inputs, *edges)
    prediction = torch.tanh(a_0.to(W1.dtype) @ W1 + b1) @ W2 + b2
    ((prediction - torch.tensor(y)) ** 2).mean().div(2).backward()

    found = choose_engine(engine)
    of_lamina = found.activations(network, X)
    np.testing.assert_allclose(of_lamina[0], a_0.detach(), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(of_lamina[-1], prediction.detach(), rtol=1e-6, atol=1e-6)
    _, gradient = found.loss_and_gradient(
        network.spec, Objective("squared_error"), Rows(X, y, None), network.parameters
    )
    views = network.with_parameters(gradient).views
    for of_role, expected in zip((views[3], views[0], views[1]), tensors, strict=True):
        for one, other in zip(of_role, expected, strict=True):
            scale = max(1.0, float(other.grad.abs().max()))
            np.testing.assert_allclose(one, other.grad, rtol=1e-6, atol=1e-6 * scale)


def test_every_kind_of_inputs_is_compared():
    assert [name for name in CASES if name.isidentifier()] == list(INPUT_KINDS)
