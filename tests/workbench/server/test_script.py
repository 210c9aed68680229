"""The exported script repeats the run with the same final loss, to the last digit."""

import contextlib
import io
import re

import pytest

from lamina.errors import ExperimentError
from lamina.workbench.data.data_store import MemoryDataStore
from lamina.workbench.data.makers import MAKERS
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.server.script import build_script
from lamina.workbench.server.sessions import Session

VALUES = [[0.1 * k, -0.2 * k, k % 5] for k in range(20)]
HEIGHTS = [[0.1 * k, k % 5] for k in range(20)]


def learn(session, epochs, until):
    """Train a session for a number of epochs."""
    session.do({"do": "step", "epochs": epochs})
    until(lambda: session.run.controller.latest.epoch == epochs or session.run.ending)


def script_of(session):
    """Return the script of the displayed network."""
    return build_script(session.run, session.snapshot)


def printed_by(script):
    """Return the output of a script, run as a separate process would run it."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script, "workbench_run.py", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def final_loss(printed):
    return float(re.search(r"loss after \d+ epochs: (\S+)", printed).group(1))


@pytest.mark.parametrize("name", MAKERS)
def test_scripts_of_generated_data_reproduce_the_loss(name, session, until):
    inputs = None if name == "curve" else ["x", "y"]
    run = session({"data": {"name": name, "n_samples": 60}, "inputs": inputs})
    learn(run, 5, until)
    assert final_loss(printed_by(script_of(run))) == run.run.controller.latest.loss


@pytest.mark.parametrize(
    "patch",
    [
        {"inputs": ["x", "y", "x²", "y²", "xy", "sin πx", "sin πy"]},
        {"scaled": False, "test_fraction": 0.3, "split_seed": 7},
        {"data": {"kind": "known", "name": "iris"}},
        {"data": {"kind": "known", "name": "diabetes"}, "target_scaled": True},
        {"data": {"kind": "drawn", "points": [[0, 0, 1], [1, 1, 3], [0, 1, 1], [1, 0.5, 3]] * 12}},
        {"data": {"kind": "drawn", "target": "value", "points": VALUES}, "target_scaled": True},
        {"data": {"kind": "drawn", "target": "height", "points": HEIGHTS}, "inputs": None},
        {"model": {"solver": "sgd", "learning_rate": "cosine", "max_iter": 40, "dropout": [0.2]}},
        {"model": {"solver": "lbfgs", "max_iter": 40, "n_iter_no_change": None}},
        {"model": {"max_iter": 6}},
        {
            "model": {
                "solver": {"name": "sgd", "momentum": 0.5},
                "learning_rate": {"name": "step", "every": 2},
                "activation": [{"name": "tanh"}, "relu"],
                "hidden_layer_sizes": [4, 3],
            }
        },
        {"model": {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 50}},
    ],
    ids=lambda patch: "-".join(patch),
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scripts_of_every_setting_reproduce_the_loss(patch, session, until):
    run = session(patch)
    run.do({"do": "step", "epochs": 9})
    until(lambda: run.run.controller.latest.epoch == 9 or run.run.ending or run.run.message)
    assert run.run.message is None
    assert final_loss(printed_by(script_of(run))) == run.run.controller.latest.loss


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_script_of_an_earlier_epoch_ends_there(solver, session, until):
    run = session({"model": {"solver": solver, "max_iter": 12}})
    learn(run, 5, until)
    run.do({"do": "step", "epochs": 4})
    until(lambda: run.run.controller.latest.epoch == 9)
    run.do({"do": "seek", "epoch": 5})
    printed = printed_by(script_of(run))
    assert f"loss after 5 epochs: {run.snapshot.loss!r}" in printed
    assert run.snapshot.loss != run.run.controller.latest.loss


def test_the_script_repeats_manual_learning_rates(session, until):
    run = session()
    learn(run, 4, until)
    run.do({"do": "rate", "learning_rate": 0.2})
    run.do({"do": "step", "epochs": 4})
    until(lambda: run.run.controller.latest.epoch == 8)
    script = script_of(run)
    assert "{4: 0.2}" in script
    assert final_loss(printed_by(script)) == run.run.controller.latest.loss
    plain = re.sub(r"rates = \{.*\}", "rates = {}", script)
    assert final_loss(printed_by(plain)) != run.run.controller.latest.loss


def test_the_script_repeats_manual_weights(session, until):
    run = session()
    for value, epoch in ((0.5, 3), (-0.5, 6)):
        run.do({"do": "edit", "block": 0, "row": 1, "column": 2, "value": value})
        until(lambda value=value: run.snapshot.parameters[5] == value)
        run.do({"do": "step", "epochs": 3})
        until(lambda epoch=epoch: run.run.controller.latest.epoch == epoch)
    script = script_of(run)
    assert "weights = {0: [(5, 0.5)], 3: [(5, -0.5)]}" in script
    assert final_loss(printed_by(script)) == run.run.controller.latest.loss


def test_a_run_before_its_first_epoch_has_no_script(session):
    with pytest.raises(ExperimentError, match="train for at least one epoch first"):
        script_of(session())


def test_names_of_data_cannot_inject_code(session, until):
    from lamina.datasets import Dataset, load

    iris = load("iris")
    data_store = MemoryDataStore()
    data = Dataset('""" + exit() + """', iris.X, iris.y, iris.feature_names, (), "classification")
    key = data_store.put(data)
    other = Session(Experiment.from_json({"data": {"kind": "given", "hash": key}}), data_store)
    try:
        other.do({"do": "step"})
        until(lambda: other.run.controller.latest.epoch == 1)
        with pytest.raises(ExperimentError, match="no script can load this data"):
            script_of(other)
    finally:
        other.close()
