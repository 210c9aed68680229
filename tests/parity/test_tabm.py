"""Shared members against the tabm package: the same outputs and gradients for the same numbers."""

import numpy as np
import pytest
from tests.engines.local_engines import LOCAL_ENGINES

from lamina.blocks import Dense, MemberHeads, SharedDense
from lamina.engines import Objective, Rows, choose_engine
from lamina.network import Network, NetworkSpec, ParameterLayout

torch = pytest.importorskip("torch")
tabm = pytest.importorskip("tabm")

K, FEATURES, WIDTH, CLASSES, N_SAMPLES = 4, 5, 8, 3, 20
FIRST = {"random-signs": "random_signs", "normal": "normal"}


def their_model(arch_type, scaling):
    torch.manual_seed(0)
    model = tabm.TabM(
        n_num_features=FEATURES,
        d_out=CLASSES,
        k=K,
        n_blocks=2,
        d_block=WIDTH,
        dropout=0.0,
        arch_type=arch_type,
        start_scaling_init=scaling,
    )
    with torch.no_grad():
        # Their scales and biases of later layers start alike for all members.
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def our_network(arch_type, scaling):
    own = arch_type == "tabm"
    spec = NetworkSpec(
        (
            SharedDense(
                Dense("hidden_1", FEATURES, WIDTH, "relu"), K, True, True, own, own, FIRST[scaling]
            ),
            SharedDense(Dense("hidden_2", WIDTH, WIDTH, "relu"), K, False, own, own, own),
            MemberHeads(Dense("output", WIDTH, CLASSES, "identity"), K),
        ),
        "softmax",
    )
    n_parameters = ParameterLayout.from_spec(spec).n_parameters
    return Network(spec, np.zeros(n_parameters, np.float32))


def copy_tensors(read, arch_type, network):
    """Copy their parameters, or gradients, which `read` returns by name, into a network."""
    for i, parameters in enumerate(network.blocks[:-1]):
        prefix = f"backbone.blocks.{i}.0"
        parameters.W[...] = read(f"{prefix}.weight").T
        parameters.b[...] = read(f"{prefix}.bias")
        if arch_type == "tabm":
            parameters.r[...], parameters.s[...] = read(f"{prefix}.r"), read(f"{prefix}.s")
    if arch_type == "tabm-mini":
        network.blocks[0].r[...] = read("backbone.affine.weight")
    heads = network.blocks[-1]
    heads.W[...], heads.b[...] = read("output.weight"), read("output.bias")


@pytest.mark.parametrize("scaling", FIRST)
@pytest.mark.parametrize("arch_type", ["tabm", "tabm-mini"])
@pytest.mark.parametrize("engine", LOCAL_ENGINES)
def test_outputs_and_gradients_are_those_of_tabm_in_float32(arch_type, scaling, engine):
    engine = choose_engine(engine)
    model, network = their_model(arch_type, scaling), our_network(arch_type, scaling)
    theirs = dict(model.named_parameters())
    copy_tensors(lambda name: theirs[name].detach().numpy(), arch_type, network)
    random_state = np.random.RandomState(0)
    X = random_state.standard_normal((N_SAMPLES, FEATURES)).astype(np.float32)
    codes = random_state.randint(0, CLASSES, N_SAMPLES).astype(np.int32)

    logits = model(torch.from_numpy(X))
    repeated = torch.from_numpy(np.repeat(codes, K)).long()
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), repeated)
    loss.backward()

    found, gradient = engine.loss_and_gradient(
        network.spec, Objective("log_loss"), Rows(X, codes, None), network.parameters
    )
    expected = network.copy()
    copy_tensors(lambda name: theirs[name].grad.numpy(), arch_type, expected)
    np.testing.assert_allclose(gradient, expected.parameters, rtol=1e-5, atol=1e-6)
    assert found == pytest.approx(loss.item(), rel=1e-6)
    probabilities = torch.softmax(logits, -1).mean(1).detach().numpy()
    np.testing.assert_allclose(engine.predict(network, X), probabilities, rtol=1e-6, atol=1e-6)
