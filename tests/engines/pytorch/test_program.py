"""Whole epochs on a device: the numbers of checked steps, without an answer in between.

No test machine has a GPU. On the CPU a program repeats its steps without capture, and a dispatch
mode of PyTorch finds what a capture would refuse: numbers read back, shapes that depend on data.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest
from scipy import sparse
from tests.contracts import test_inputs as inputs
from tests.contracts import test_members as members
from tests.contracts.conftest import TABLES
from tests.contracts.test_engines import SETTINGS

from lamina.engines import OptimizerSettings, OptimizerState, choose_engine
from lamina.engines.multipliers import Multipliers
from lamina.engines.trainer import TimeIsUp
from lamina.formulas import OPTIMIZERS

torch = pytest.importorskip("torch")

from tests.contracts.test_pytorch import ADAM, SURROUNDINGS  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from lamina.engines.pytorch.trainer import PyTorchTrainer  # noqa: E402

ORDER, RATES = np.arange(11)[::-1].copy(), np.array([0.01, 0.02, 0.005])
MULTIPLIERS = np.array([[0.5, 1.0, 0.0], [0.25, 0.5, 0.5], [1.0, 0.0, 1.0]])
PROBLEMS = {
    "plain": {},
    "noise": {"dropout": 0.3, "input_noise": 0.1, "input_dropout": 0.2},
    "batch": {"normalization": "batch", "residual": True, "widths": (5, 6, 6, 3)},
    "layer": {"normalization": "layer", "blend": True, "ntk": True},
    "prelu": {"activation": "prelu", "penalty": "elasticnet"},
    "codes": {"loss": "log_loss", "weighted": True},
    "smoothed": {"loss": "smoothed_log_loss", "heads": (2, 3), "widths": (5, 7, 5)},
    "gaussian": {"loss": "gaussian_nll"},
    "quantile": {"loss": "quantile"},
}


@pytest.fixture(scope="module")
def engine():
    return choose_engine("pytorch", device="cpu")


def start(problem, engine, settings=ADAM, *, unchecked=True):
    trainer, _, state = problem.trainer(engine, settings)
    state.seed = 17
    trainer.load(optimizer_state=state)
    trainer.measures_gradient, trainer.runs_programs = True, unchecked
    return trainer


def assert_programs_agree(problem, engine, settings=ADAM):
    trainers = [start(problem, engine, settings, unchecked=each) for each in (True, False)]
    for multipliers in (None, MULTIPLIERS, None):
        found, expected = (each.epoch(ORDER, 4, RATES, multipliers) for each in trainers)
        assert found == expected
    ours, theirs = trainers
    np.testing.assert_array_equal(ours.parameters(), theirs.parameters())
    np.testing.assert_array_equal(ours.optimizer_state().slots, theirs.optimizer_state().slots)
    assert ours.step == theirs.step == 9


class Refusing(TorchDispatchMode):
    """Refuse operations that wait for the device, or read arrays of the host."""

    def __torch_dispatch__(self, operation, types, inputs=(), options=None):
        name = operation.overloadpacket.__name__
        assert name not in {"_local_scalar_dense", "nonzero", "masked_select", "lift_fresh"}, name
        return operation(*inputs, **(options or {}))


def assert_can_be_captured(problem, engine, settings=ADAM, multipliers=None):
    trainer = start(problem, engine, settings)
    trainer.epoch(ORDER, 4, RATES, multipliers)
    (program,) = trainer._programs.values()
    program._count.zero_()
    # What is captured; samples of this process's memory are copied before it.
    step = program._repeats[4, multipliers is not None, True]
    with Refusing():
        step()


@pytest.mark.parametrize("name", PROBLEMS)
def test_an_epoch_without_checks_has_the_bits_of_checked_steps(engine, draw_problem, name):
    assert_programs_agree(draw_problem(**PROBLEMS[name]), engine)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("kind", ["csr", "large"])
def test_copied_samples_are_read_by_the_same_program(engine, draw_problem, name, kind, monkeypatch):
    problem = draw_problem(**PROBLEMS[name])
    expected = start(problem, engine)
    if kind == "csr":
        rows = problem.rows._replace(X=sparse.csr_array(problem.rows.X))
        problem = replace(problem, rows=rows)
    else:
        monkeypatch.setattr("lamina.engines.pytorch.data.free_memory", lambda device: 1)
    assert_programs_agree(problem, engine)
    assert_can_be_captured(problem, engine, multipliers=MULTIPLIERS)
    trainer = start(problem, engine)
    for _ in range(2):
        trainer.epoch(ORDER, 4, RATES)
        expected.epoch(ORDER, 4, RATES)
    (program,) = trainer._programs.values()
    assert program._samples.shape == (4, problem.rows.X.shape[1])
    np.testing.assert_array_equal(trainer.parameters(), expected.parameters())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_has_the_bits_of_checked_steps(engine, draw_problem, name):
    for around in SURROUNDINGS.values():
        if around.get("amsgrad") and not OPTIMIZERS[name].amsgrad:
            continue
        settings = OptimizerSettings(name, SETTINGS[name], **around)
        problem = draw_problem(dtype="float32")
        assert_programs_agree(problem, engine, settings)
        assert_can_be_captured(problem, engine, settings)


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, table in TABLES.items() for name in table]
)
def test_a_step_of_any_formula_reads_nothing_back(engine, draw_problem, kind, name):
    assert_can_be_captured(draw_problem(**{kind: name}), engine)
    assert_can_be_captured(draw_problem(**{kind: name}), engine, multipliers=MULTIPLIERS)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_step_with_any_option_reads_nothing_back(engine, draw_problem, name):
    problem = draw_problem(**PROBLEMS[name])
    assert_can_be_captured(problem, engine, multipliers=MULTIPLIERS)


@pytest.mark.parametrize("name", inputs.STAGES)
def test_a_step_with_any_inputs_reads_nothing_back(engine, draw_problem, name):
    network, rows = inputs.network_of(inputs.STAGES[name]), inputs.samples_of(inputs.STAGES[name])
    problem = replace(draw_problem(), spec=network.spec, rows=rows, parameters=network.parameters)
    assert_programs_agree(problem, engine)
    assert_can_be_captured(problem, engine)


@pytest.mark.parametrize("name", ["tabm", "tabm_mini", "heads"])
def test_a_step_of_members_reads_nothing_back(engine, draw_problem, name):
    spec, objective = members.SPECS[name]
    rows = members.rows_of(spec, "float64")
    parameters = members.parameters_of(spec, "float64")
    assert_can_be_captured(type(draw_problem())(spec, objective, rows, parameters), engine)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_step_takes_no_array_of_another_device(draw_problem, name, dtype):
    # An array on 'meta' has no numbers that could be read, and hardly any operation takes it beside
    # one of the CPU.
    problem = draw_problem(dtype=dtype, **PROBLEMS[name])
    state = OptimizerState.fresh(ADAM, problem.parameters)
    asked = problem.spec, problem.objective, ADAM, problem.rows, problem.parameters, state
    trainer = PyTorchTrainer(*asked, torch.device("meta"))
    steps = [Multipliers(*each) for each in MULTIPLIERS.tolist()]
    program, schedule = trainer._program(11, 4), trainer._schedule(ORDER, 4, RATES.tolist(), steps)
    program.begin(trainer._present.values, 0, ORDER, schedule, measures=True)
    program.run_step(ORDER[:4])
    program.run_step(ORDER[8:])
    assert program.values.device.type == program.last_loss(3).d_a.tensor.device.type == "meta"


def test_attempts_before_a_capture_change_nothing(engine, draw_problem):
    trainer = start(draw_problem(normalization="batch"), engine)
    trainer.epoch(ORDER, 4, RATES)
    (program,) = trainer._programs.values()
    # The last step: another one would read beyond the order and the table.
    program._count.fill_(2)
    before = [each.clone() for each in (program.values, program._count, program._sums)]
    attempt = program._undone(program._repeats[3, False, True])
    for _ in range(2):
        attempt()
    for found, expected in zip(
        (program.values, program._count, program._sums), before, strict=True
    ):
        assert torch.equal(found, expected)


def test_an_epoch_whose_loss_is_not_finite_ends_as_checked_steps_do(engine, draw_problem):
    problem = draw_problem()
    problem.rows.y[3] = np.inf
    for order in (ORDER, np.arange(11)):
        ours, theirs = (start(problem, engine, unchecked=each) for each in (True, False))
        found, expected = (each.epoch(order, 2, np.full(6, 0.01)) for each in (ours, theirs))
        np.testing.assert_equal(found, expected)
        assert not np.isfinite(found.loss)
        assert ours.step == theirs.step == expected.steps
        np.testing.assert_array_equal(ours.parameters(), theirs.parameters())


def test_weights_that_cancel_end_an_epoch_at_their_batch(engine, draw_problem):
    problem = draw_problem(weighted=True)
    problem.rows.weight[:] = [1] * 6 + [1, -1, 2, -2, 1]
    trainer = start(problem, engine)
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        trainer.epoch(np.array([0, 1, 2, 3, 6, 7, 8, 9]), 4, RATES[:2])
    assert trainer.step == 1


def test_a_deadline_ends_an_epoch_after_a_whole_step(engine, draw_problem):
    trainer = start(draw_problem(), engine)
    trainer.deadline = perf_counter()
    with pytest.raises(TimeIsUp):
        trainer.epoch(ORDER, 4, RATES)
    assert trainer.step == 1
    expected = start(draw_problem(), engine, unchecked=False)
    expected.epoch(ORDER[:4], 4, RATES[:1])
    np.testing.assert_array_equal(trainer.parameters(), expected.parameters())


def test_an_interrupted_epoch_keeps_its_whole_steps(engine, draw_problem, monkeypatch):
    trainer = start(draw_problem(), engine)
    trainer.epoch(ORDER, 4, RATES)
    (program,) = trainer._programs.values()
    monkeypatch.setitem(program._repeats, (3, False, True), interrupt)
    with pytest.raises(KeyboardInterrupt):
        trainer.epoch(ORDER, 4, RATES)
    assert trainer.step == 5
    expected = start(draw_problem(), engine, unchecked=False)
    expected.epoch(ORDER, 4, RATES)
    expected.epoch(ORDER[:8], 4, RATES[:2])
    np.testing.assert_array_equal(trainer.parameters(), expected.parameters())


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU of NVIDIA")
@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("kind", ["on the device", "csr", "large"])
def test_captured_graphs_equal_the_cpu(engine, draw_problem, name, kind, monkeypatch):
    problem = draw_problem(**PROBLEMS[name])
    if kind == "csr":
        rows = problem.rows._replace(X=sparse.csr_array(problem.rows.X))
        problem = replace(problem, rows=rows)
    elif kind == "large":
        monkeypatch.setattr("lamina.engines.pytorch.data.free_memory", lambda device: 1)
    trainers = [start(problem, each) for each in (choose_engine(device="cuda"), engine)]
    for multipliers in (None, MULTIPLIERS, None):
        found, expected = (each.epoch(ORDER, 4, RATES, multipliers) for each in trainers)
        assert found.loss == pytest.approx(expected.loss, rel=1e-10)
    np.testing.assert_allclose(
        trainers[0].parameters(), trainers[1].parameters(), rtol=1e-9, atol=1e-12
    )
