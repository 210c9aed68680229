"""The PyTorch engine on the CPU: the reference's numbers for every kind of block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts import test_inputs as inputs
from tests.contracts import test_members as members
from tests.contracts import test_multipliers as scheduled
from tests.contracts.test_steps import describe_settings

from lamina.blocks import BLOCKS, Dense, IndependentMembers
from lamina.engines import OptimizerState, Rows, choose_engine
from lamina.formulas import LOSSES
from lamina.network import NetworkSpec, draw_parameters

pytest.importorskip("torch")

from tests.contracts.test_pytorch import assert_epochs_agree, assert_passes_agree

SETTINGS = describe_settings("adamw", weight_decay=0.3, average_decay=0.9)
N_SAMPLES = 11
OUTPUT = Dense("output", 4, 2, "identity")
DENSE = {block.name: (replace(block, fan_out=4), OUTPUT) for block in Dense.examples()}
INDEPENDENT = {block.name: (block,) for block in IndependentMembers.examples()}
NETWORKS = DENSE | INDEPENDENT


@pytest.fixture(scope="session")
def pytorch():
    return choose_engine("pytorch", device="cpu")


def with_seed(problem):
    """Return a problem whose trainers draw noise from a seed."""

    class Seeded(type(problem)):
        def trainer(self, engine, optimizer):
            state = OptimizerState.fresh(optimizer, self.parameters)
            state.seed = 2**63 + 12345
            arrays = self.parameters.copy(), state
            made = engine.trainer(self.spec, self.objective, optimizer, self.rows, *arrays)
            return made, *arrays

    return Seeded(problem.spec, problem.objective, problem.rows, problem.parameters)


def assert_agree(pytorch, reference, problem, tolerance=1e-10, multipliers=None):
    problem = with_seed(problem)
    assert_passes_agree(pytorch, reference, problem, tolerance)
    assert_epochs_agree(pytorch, reference, problem, SETTINGS, tolerance, multipliers)


def test_the_tests_have_every_kind_of_block():
    kinds = {block.kind for blocks in NETWORKS.values() for block in blocks}
    kinds |= {block.kind for spec, _ in members.SPECS.values() for block in spec.blocks}
    assert kinds | {stage.kind for stage in inputs.STAGES.values()} == set(BLOCKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_dense_blocks_and_independent_members_equal_the_references(
    pytorch, reference, draw_problem, name
):
    spec = NetworkSpec(NETWORKS[name], "identity", input_noise=0.1, input_dropout=0.2)
    random_state = np.random.RandomState(0)
    X = random_state.standard_normal((N_SAMPLES, spec.n_features))
    y = random_state.standard_normal((N_SAMPLES, spec.n_outputs))
    parameters = draw_parameters(spec, random_state, "float64", 1.0)
    parameters += random_state.uniform(0, 0.1, parameters.size)
    plain = draw_problem()
    problem = replace(plain, spec=spec, rows=Rows(X, y, None), parameters=parameters)
    assert_agree(pytorch, reference, problem)


@pytest.mark.parametrize("name", inputs.STAGES)
def test_input_stages_equal_the_references(pytorch, reference, draw_problem, name):
    network, rows = inputs.network_of(inputs.STAGES[name]), inputs.samples_of(inputs.STAGES[name])
    plain = draw_problem()
    problem = replace(plain, spec=network.spec, rows=rows, parameters=network.parameters)
    assert_agree(pytorch, reference, problem)


@pytest.mark.parametrize("name", members.SPECS)
@pytest.mark.parametrize("weight", [None, "targets"])
def test_shared_members_equal_the_references(pytorch, reference, draw_problem, name, weight):
    spec, objective = members.SPECS[name]
    if weight is not None and spec.inverse_link == "softmax" and not spec.heads:
        pytest.skip("the targets are the samples")
    rows = Rows(*(None if e is None else e[:11] for e in members.rows_of(spec, "float64", weight)))
    parameters = members.parameters_of(spec, "float64")
    problem = type(draw_problem())(spec, objective, rows, parameters)
    assert_agree(pytorch, reference, problem)


@pytest.mark.parametrize("loss", LOSSES)
def test_missing_targets_equal_the_references(pytorch, reference, draw_problem, loss):
    heads = (2, 3, 2) if LOSSES[loss].targets == "codes" else ()
    problem = draw_problem((5, 4, sum(heads) or 3), loss=loss, heads=heads)
    weight = np.random.RandomState(1).randint(0, 3, (N_SAMPLES, 3)).astype(float)
    problem = replace(problem, rows=problem.rows._replace(weight=weight))
    assert_agree(pytorch, reference, problem)


@pytest.mark.parametrize("name", scheduled.PROBLEMS)
def test_scheduled_hyperparameters_equal_the_references(pytorch, reference, draw_problem, name):
    problem = scheduled.make(draw_problem, name)
    rows = Rows(*(None if each is None else each[:N_SAMPLES] for each in problem.rows))
    multipliers = scheduled.MULTIPLIERS[:3]
    assert_agree(pytorch, reference, replace(problem, rows=rows), multipliers=multipliers)


@pytest.mark.parametrize("precision", ["bfloat16"])
def test_precisions_equal_the_references(draw_problem, precision):
    engines = [
        choose_engine(name, precision=precision, device="cpu") for name in ("pytorch", "reference")
    ]
    problem = draw_problem((5, 8, 3), dtype="float32")
    assert_agree(*engines, problem, 1e-3)
