"""The input stage: its groups, its place in a network, and inputs that it refuses."""

import numpy as np
import pytest
from scipy import sparse

from lamina.blocks import INPUT_KINDS, InputStage
from lamina.blocks.inputs import IdentityInputs, ScaledInputs
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows, choose_engine
from lamina.engines.native import NativeEngine
from lamina.engines.reference import ReferenceEngine
from lamina.errors import NativeUnavailableWarning, UnknownNameError, UnsupportedBlockError
from lamina.network import Network, NetworkSpec, ParameterLayout, draw_parameters

OBJECTIVE = Objective("squared_error", alpha=0.1)
IDENTITY = InputStage("inputs", 3, (IdentityInputs((0, 1, 2)),))
MIXED = InputStage("inputs", 3, (ScaledInputs((2, 0)), IdentityInputs((1,))))


def perceptron(inputs=None, **architecture):
    return NetworkSpec.perceptron([3, 4, 2], "tanh", "identity", inputs=inputs, **architecture)


def draw(spec):
    return draw_parameters(spec, np.random.RandomState(0), "float64", 2.0)


def rows():
    random_state = np.random.RandomState(1)
    return Rows(random_state.standard_normal((7, 3)), random_state.standard_normal((7, 2)), None)


def test_a_stage_of_identities_changes_nothing():
    plain, staged = perceptron(), perceptron(IDENTITY)
    parameters = draw(plain)
    np.testing.assert_array_equal(draw(staged), parameters)
    engine = ReferenceEngine()
    found = engine.loss_and_gradient(staged, OBJECTIVE, rows(), parameters)
    expected = engine.loss_and_gradient(plain, OBJECTIVE, rows(), parameters)
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


def test_the_outputs_of_the_groups_follow_each_other_column_by_column():
    spec = perceptron(MIXED)
    network = Network(spec, draw(spec))
    network.input_parameters[0][...] = [2, 3]
    X = np.array([[1.0, 10.0, 100.0]])
    a_0 = ReferenceEngine().activations(network, X)[0]
    np.testing.assert_array_equal(a_0, [[200, 3, 10]])


def test_weight_decay_acts_on_inputs_and_a_penalty_does_not():
    spec, rate, decay = perceptron(MIXED), 0.125, 0.25
    start = draw(spec)
    layout = ParameterLayout.from_spec(spec)
    steps = []
    for weight_decay, alpha in [(0.0, 0.0), (decay, 0.0), (0.0, 5.0)]:
        objective, parameters = Objective("squared_error", alpha), start.copy()
        sgd = {"momentum": 0.0, "nesterovs_momentum": 0.0}
        optimizer = OptimizerSettings("sgd", sgd, weight_decay=weight_decay)
        state = OptimizerState.fresh(optimizer, parameters)
        trainer = ReferenceEngine().trainer(spec, objective, optimizer, rows(), parameters, state)
        trainer.epoch(np.arange(7), 7, np.array([rate]))
        steps.append(layout.views(parameters))
    plain, decayed, penalised = steps
    first = layout.views(start)
    for role in ("weights", "input_parameters"):
        for before, one, other in zip(
            *(getattr(views, role) for views in (first, plain, decayed)), strict=True
        ):
            np.testing.assert_allclose(other, one - rate * decay * before, rtol=1e-12)
    for role in ("biases", "input_parameters"):
        for one, other in zip(getattr(plain, role), getattr(penalised, role), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "groups",
    [
        (IdentityInputs((0, 1)),),
        (IdentityInputs((0, 1, 2)), ScaledInputs((2,))),
        (IdentityInputs((0, 1, 3)),),
        (),
    ],
    ids=["too few", "twice", "beyond", "none"],
)
def test_every_column_belongs_to_exactly_one_group(groups):
    with pytest.raises(ValueError, match="every one of the 3 columns of X belongs to exactly one"):
        InputStage("inputs", 3, groups)


@pytest.mark.parametrize("kind", INPUT_KINDS)
@pytest.mark.parametrize("columns", [(), (1, 1), (-1, 0), (0.5, 1)])
def test_a_group_refuses_columns_that_are_none(kind, columns):
    with pytest.raises((TypeError, ValueError), match=r"column|as an integer"):
        INPUT_KINDS[kind].group.examples(columns)


def test_a_stage_is_the_first_block_and_not_the_last():
    dense = perceptron().blocks
    for blocks in [(MIXED,), (*dense, InputStage("inputs", 2, (IdentityInputs((0, 1)),)))]:
        with pytest.raises(ValueError, match="first block of a network, and not the last"):
            NetworkSpec(blocks, "identity")
    with pytest.raises(ValueError, match="'inputs' has 3 columns, and X has 4"):
        NetworkSpec.perceptron([4, 2], "tanh", "identity", inputs=MIXED)


def test_an_unknown_kind_of_inputs_is_refused_with_the_nearest():
    plain = perceptron(MIXED).to_json()
    plain["blocks"][0]["groups"][0]["kind"] = "scaledd"
    with pytest.raises(UnknownNameError, match=r"'scaledd' is not a known kind of inputs\. Did"):
        NetworkSpec.from_json(plain)


@pytest.mark.parametrize("columns", [3, [0, "a"], None])
def test_a_file_with_wrong_columns_is_refused(columns):
    plain = perceptron(MIXED).to_json()
    plain["blocks"][0]["groups"][0]["columns"] = columns
    with pytest.raises(ValueError, match="not the description of a network"):
        NetworkSpec.from_json(plain)


def test_the_native_engine_refuses_kinds_that_it_lacks_and_is_replaced(monkeypatch):
    monkeypatch.setattr(NativeEngine, "kinds", frozenset(("dense", "input_stage", "identity")))
    spec = perceptron(MIXED)
    with pytest.raises(UnsupportedBlockError, match="'inputs' is of kind 'scaled'"):
        choose_engine("native", spec=spec)
    with pytest.warns(NativeUnavailableWarning, match="'scaled'"):
        assert choose_engine(spec=spec).name == "reference"


def test_sparse_samples_are_refused():
    spec = perceptron(MIXED)
    X = sparse.csr_array(rows().X)
    with pytest.raises(UnsupportedBlockError, match=r"X is sparse, and block 'inputs' .*toarray"):
        ReferenceEngine().predict(Network(spec, draw(spec)), X)
    with pytest.raises(UnsupportedBlockError, match="X is sparse"):
        ReferenceEngine().evaluator(spec, OBJECTIVE, rows()._replace(X=X))
