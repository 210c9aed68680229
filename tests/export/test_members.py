"""Networks with shared members in every target: the mean of the members' predictions."""

import numpy as np
import pytest
from tests.contracts.test_inputs import STAGES, samples_of
from tests.export.test_operations import every_file, require

from lamina.blocks import Dense, MemberHeads, SharedDense
from lamina.blocks.independent_members import IndependentMembers
from lamina.engines.reference import ReferenceEngine
from lamina.errors import ExportError
from lamina.export.lowering import network_operations as n
from lamina.export.lowering.builder import Lowering
from lamina.export.lowering.fitted_network import FittedNetwork, _refuse_unknown_parts
from lamina.export.lowering.networks import NetworkLowering, lower_blocks, lower_outputs
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.words import describe, layers_in_words
from lamina.formulas import PRECISIONS
from lamina.network import Network, NetworkSpec, ParameterLayout

STAGE = STAGES["all inputs"]
WIDTH = STAGE.fan_out
HIDDEN = Dense("hidden_1", WIDTH, 5, "silu")
SECOND = Dense("hidden_2", 5, 5, "prelu", "layer", residual=True)
HEAD = Dense("output", 5, 3, "identity")
NETWORKS = {
    "scales": (SharedDense(HIDDEN, 3, repeats=True, first="normal"), SharedDense(SECOND, 3)),
    "independent": IndependentMembers("members", (STAGE, HIDDEN, SECOND, HEAD), 3),
    "mini": (SharedDense(HIDDEN, 3, True, True, False, False), SharedDense(SECOND, 3)),
}


def network_of(hidden, dtype="float64"):
    is_whole = isinstance(hidden, IndependentMembers)
    blocks = (hidden,) if is_whole else (STAGE, *hidden, MemberHeads(HEAD, 3))
    spec = NetworkSpec(blocks, "softmax")
    layout = ParameterLayout.from_spec(spec)
    vector = np.random.RandomState(0).uniform(-1, 1, layout.n_parameters)
    for edges in layout.views(vector).statistics:
        edges.sort(axis=-1)
    return Network(spec, vector.astype(dtype))


def program_of(network, precision=None):
    spec, lowering = network.spec, Lowering([f"x{i}" for i in range(network.spec.n_features)])
    source = lowering.add(n.Features(spec.n_features, network.dtype))
    logits = lower_blocks(NetworkLowering(lowering, precision), network, source)
    results = lower_outputs(lowering, FittedNetwork(network, None), logits, None)
    operations = tuple(lowering.operations)
    return ModelProgram((), spec.n_features, operations, results, dtype=network.dtype)


@pytest.mark.parametrize("hidden", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@every_file
def test_every_target_predicts_the_mean_over_the_members(hidden, dtype, target):
    require(target)
    network, X = network_of(hidden, dtype), samples_of(STAGE, dtype=dtype).X
    _refuse_unknown_parts(network.spec)
    program = program_of(network)
    found = target.evaluate(program, target.render(program), X).numbers
    tolerance = 1e-11 if dtype == "float64" else 1e-4
    expected = ReferenceEngine().predict(network, X)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("hidden", NETWORKS.values(), ids=NETWORKS)
def test_a_module_of_pytorch_has_the_members_behind_their_inputs(hidden):
    torch = pytest.importorskip("torch")
    from lamina.export.pytorch.sequential import sequential

    network, X = network_of(hidden), samples_of(STAGE).X
    module = sequential(program_of(network), logits=False)
    names = ["members"] if isinstance(hidden, IndependentMembers) else ["inputs", "members"]
    assert [name for name, _ in module.named_children()] == names
    expected = ReferenceEngine().predict(network, X)
    np.testing.assert_allclose(module(torch.tensor(X)).detach(), expected, rtol=1e-11)
    with pytest.raises(ExportError, match="3 members does not support logits=True"):
        sequential(program_of(network), logits=True)


@pytest.mark.parametrize("hidden", NETWORKS.values(), ids=NETWORKS)
def test_a_file_lists_the_layers_of_each_member(hidden):
    program = program_of(network_of(hidden))
    layers = f"3 of {WIDTH} → 5 silu → 5 layer prelu residual → 3 softmax"
    assert layers_in_words(program) == layers
    assert describe(program).startswith("An ensemble of 3 multi-layer perceptrons that predicts")


def test_members_with_a_precision_are_refused_with_a_cure():
    network = network_of(NETWORKS["scales"], "float32")
    with pytest.raises(ExportError, match=r"members of block 'hidden_1' .*precision=None"):
        program_of(network, PRECISIONS["bfloat16"])
