"""Sessions: effects of commands; a rejected command changes nothing."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.errors import ExperimentError, LaminaError
from lamina.workbench.runs.experiment import PARTS
from lamina.workbench.runs.models import parameters_of_pages
from lamina.workbench.server.commands import COMMANDS


def learn(session, epochs, until):
    at = session.run.controller.epoch + epochs
    session.do({"do": "step", "epochs": epochs})
    until(lambda: session.run.controller.latest.epoch == at)


def test_a_change_restarts_the_run_and_keeps_playing(session, until):
    made = session()
    made.do({"do": "play"})
    until(lambda: made.run.controller.epoch > 3)
    before = made.run
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.1}}})
    assert made.run is not before
    assert made.run.status == "playing"
    before.wait(20)
    made.do({"do": "pause"})
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.2}}})
    assert (made.run.status, made.run.controller.epoch) == ("paused", 0)


def test_a_change_plays_again_after_a_played_run_ended(session, until):
    made = session({"model": {"max_iter": 3}})
    made.do({"do": "play"})
    until(lambda: made.run.status == "ended")
    made.do({"do": "set", "experiment": {"model": {"max_iter": 4}}})
    assert made.run.is_playing
    until(lambda: made.run.status == "ended")
    made.do({"do": "undo"})
    assert made.run.is_playing
    until(lambda: made.run.status == "ended")
    made.do({"do": "pause"})
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.2}}})
    assert (made.run.status, made.run.controller.epoch) == ("paused", 0)


def test_a_change_can_fast_forward_to_the_previous_epoch(session, until):
    made = session()
    learn(made, 30, until)
    first = made.snapshot.parameters
    # At one epoch per second, thirty epochs would take too long.
    made.do({"do": "pace", "epochs_per_second": 1})
    made.do({"do": "set", "experiment": {}, "catch_up": True})
    until(lambda: not made.run.controller.is_fast_forwarding)
    reached = made.run.controller.epoch
    assert 1 <= reached <= 30
    assert made.run.status == "paused"
    assert made.snapshot.epoch == reached
    if reached == 30:
        np.testing.assert_array_equal(made.snapshot.parameters, first)


def test_a_run_that_ends_during_a_fast_forward_is_shown(session, until):
    made = session()
    learn(made, 30, until)
    made.do({"do": "set", "experiment": {"model": {"max_iter": 5}}, "catch_up": True})
    until(lambda: made.run.status == "ended")
    assert not made.run.controller.is_fast_forwarding
    assert made.snapshot.epoch == 5


def test_joined_changes_are_undone_together(session):
    made = session()
    first = made.experiment
    for step, alpha in enumerate((0.1, 0.2, 0.3)):
        patch = {"model": {"alpha": alpha}}
        made.do({"do": "set", "experiment": patch, "joined": step > 0})
    made.do({"do": "undo"})
    assert made.experiment == first
    assert made.state()["can_undo"] is False


def test_a_reset_with_the_same_seed_repeats_the_run(session, until):
    made = session()
    learn(made, 5, until)
    first = made.snapshot
    made.do({"do": "reset"})
    learn(made, 5, until)
    np.testing.assert_array_equal(made.snapshot.parameters, first.parameters)
    made.do({"do": "reset", "seed": "new"})
    learn(made, 5, until)
    assert not np.array_equal(made.snapshot.parameters, first.parameters)
    made.do({"do": "reset", "seed": 0})
    learn(made, 5, until)
    np.testing.assert_array_equal(made.snapshot.parameters, first.parameters)


def test_an_earlier_epoch_can_be_shown_without_affecting_the_run(session, until):
    made = session()
    learn(made, 6, until)
    made.do({"do": "seek", "epoch": 2})
    assert made.snapshot.epoch == 2
    assert made.snapshot.loss == made.run.controller.curves.losses()[1]
    learn(made, 1, until)
    assert made.snapshot.epoch == 7
    made.do({"do": "seek", "epoch": 0})
    made.do({"do": "seek", "epoch": None})
    assert made.snapshot.epoch == 7


def test_changes_can_be_undone_one_by_one(session):
    made = session()
    first = made.experiment
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.1}}})
    second = made.experiment
    made.do({"do": "set", "experiment": {"data": {"name": "spiral", "n_arms": 3}}})
    made.do({"do": "undo"})
    assert made.experiment == second
    made.do({"do": "undo"})
    assert made.experiment == first
    with pytest.raises(ExperimentError, match="nothing to undo"):
        made.do({"do": "undo"})


@pytest.mark.parametrize(
    "patch",
    [
        {"model": {"alpha": -1}},
        {"data": {"kind": "known", "name": "iris"}, "inputs": ["x", "y"]},
        {"data": {"kind": "known", "name": "wine"}, "plane": {"kind": "columns", "columns": [0]}},
        {"data": {"kind": "drawn", "points": [[0, 0, 0]] * 9}},
        {"data": {"kind": "drawn", "points": [[0, 0, 0], [1, 0, 1], [1, 1, 2], [0, 1, 3]]}},
        {"data": {"kind": "given", "hash": "unknown"}},
        {"model": {"class_weight": {"7": 1.0}}},
        {"model": {"class_weight": {"0": [1.0]}}},
    ],
)
def test_a_rejected_change_does_not_affect_the_run(patch, session, until):
    made = session()
    learn(made, 2, until)
    run, experiment = made.run, made.experiment
    with pytest.raises(ExperimentError):
        made.do({"do": "set", "experiment": patch})
    assert (made.run, made.experiment) == (run, experiment)
    assert not made.before
    learn(made, 1, until)


def test_data_of_another_task_drops_parameters_it_does_not_have(session):
    made = session({"model": {"label_smoothing": 0.1, "alpha": 0.3}})
    made.do({"do": "set", "experiment": {"data": {"name": "hills"}}})
    assert type(made.run.model).__name__ == "MLPRegressor"
    assert made.experiment.model["alpha"] == 0.3
    assert "label_smoothing" not in made.experiment.model


def test_a_solver_without_a_learning_rate_rejects_one(session):
    made = session({"model": {"solver": "lbfgs"}})
    with pytest.raises(ExperimentError, match="has no learning rate"):
        made.do({"do": "rate", "learning_rate": 0.1})


def test_the_state_has_the_place_of_each_matrix(session):
    made = session({"model": {"hidden_layer_sizes": [3, 2], "activation": "prelu"}})
    state, snapshot = made.state(), made.snapshot
    model = made.run.get_model(snapshot)
    for kind, parts in (("weights", model.coefs_), ("biases", model.intercepts_)):
        for place, part in zip(state["network"][kind], parts, strict=True):
            found = snapshot.parameters[place["start"] :][: part.size].reshape(place["shape"])
            np.testing.assert_array_equal(found, part)
    assert [layer["fan_out"] for layer in state["network"]["layers"]] == [3, 2, 1]


def test_many_changes_leave_few_threads_and_a_limited_undo_history(session, until):
    import threading

    made = session()
    before = threading.active_count()
    for seed in range(60):
        made.do({"do": "reset", "seed": seed})
    until(lambda: threading.active_count() <= before)
    assert len(made.before) == 50


def weight(session, block, row, column):
    """Return one weight of the displayed network."""
    return session.run.get_model(session.snapshot).coefs_[block][row, column]


def test_training_continues_from_an_edited_weight(session, until):
    made, alone = session(), session()
    for each in (made, alone):
        learn(each, 3, until)
    made.do({"do": "edit", "block": 0, "row": 1, "column": 2, "value": 1.5})
    until(lambda: weight(made, 0, 1, 2) == 1.5)
    before, after = alone.snapshot.parameters, made.snapshot.parameters
    assert np.count_nonzero(before != after) == 1
    learn(made, 1, until)
    learn(alone, 1, until)
    assert np.count_nonzero(made.snapshot.parameters != alone.snapshot.parameters) > 1


def test_an_edited_weight_can_be_undone(session, until):
    made = session()
    learn(made, 3, until)
    first = made.snapshot.parameters
    for value in (1.0, 2.0):
        made.do({"do": "edit", "block": 1, "row": None, "column": 0, "value": value})
        until(lambda value=value: made.run.get_model(made.snapshot).intercepts_[1][0] == value)
    made.do({"do": "undo"})
    until(lambda: made.run.get_model(made.snapshot).intercepts_[1][0] == 1.0)
    made.do({"do": "undo"})
    until(lambda: np.array_equal(made.snapshot.parameters, first))


def test_a_new_run_has_no_edits_to_undo(session, until):
    made = session()
    made.do({"do": "edit", "block": 0, "row": 0, "column": 0, "value": 1.0})
    until(lambda: made.run.controller.edits)
    made.do({"do": "reset"})
    assert made.state()["can_undo"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"block": 2},
        {"block": -1},
        {"row": 2},
        {"column": 3},
        {"column": None},
        {"value": None},
        {"value": 1e300},
        {"block": True},
    ],
)
def test_an_edit_of_a_missing_weight_is_rejected(wrong, session):
    made = session()
    right = {"block": 0, "row": 0, "column": 0, "value": 1.0}
    with pytest.raises(ExperimentError, match="must be a"):
        made.do({"do": "edit", **right, **wrong})
    assert not made.before


@pytest.mark.parametrize("model", [{"solver": "lbfgs"}, {"average_decay": 0.9}])
def test_runs_that_do_not_support_edits_reject_them(model, session):
    made = session({"model": model})
    with pytest.raises(ExperimentError, match="weights can be edited only with"):
        made.do({"do": "edit", "block": 0, "row": 0, "column": 0, "value": 1.0})


def test_a_step_of_one_batch_is_shown_in_the_frame(session, until):
    from lamina.workbench.views.frames import decode

    made = session()
    learn(made, 1, until)
    made.do({"do": "step", "batches": 1})
    until(lambda: made.snapshot.batch == 1)
    header, arrays = decode(made.frame(made.snapshot))
    assert (header["epoch"], header["batch"], header["n_batches"]) == (1, 1, 2)
    assert header["batch_loss"] == made.snapshot.batch_loss
    np.testing.assert_array_equal(arrays["parameters"], made.snapshot.parameters)
    with pytest.raises(ExperimentError, match="finish the epoch first"):
        made.do({"do": "edit", "block": 0, "row": 0, "column": 0, "value": 1.0})


def test_a_solver_without_batches_rejects_a_step_of_one(session):
    with pytest.raises(ExperimentError, match="has no batches"):
        session({"model": {"solver": "lbfgs"}}).do({"do": "step", "batches": 1})


def test_real_targets_are_scaled_by_default(session):
    made = session()
    made.do({"do": "set", "experiment": {"data": {"kind": "known", "name": "diabetes"}}})
    assert made.experiment.target_scaled
    made.do({"do": "set", "experiment": {"target_scaled": False}})
    assert not made.experiment.target_scaled


words = st.sampled_from(["", "relu", "lbfgs", "moons", "iris", "made", "known", "columns", "same"])
simple = st.none() | st.booleans() | st.integers(-1, 4) | st.just(10**400) | st.floats() | words
anything = st.recursive(
    simple,
    lambda of: st.lists(of, max_size=3) | st.dictionaries(words, of, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*parameters_of_pages("classification"), "loss", "quantile"])
of_data = st.sampled_from(["kind", "name", "noise", "n_samples", "points", "hash", "target"])
parts = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(PARTS, anything),
        "data": st.dictionaries(of_data, simple, max_size=3),
        "model": st.dictionaries(names, anything, max_size=2),
    },
)
arguments = st.sampled_from(
    [
        "epochs",
        "batches",
        "learning_rate",
        "epochs_per_second",
        "seed",
        "epoch",
        "block",
        "row",
        "column",
        "value",
        "region",
        "units",
        "confusion",
        "fit",
        "run",
        "name",
    ]
)
commands = st.builds(
    lambda do, rest, experiment: {"do": do, **rest, "experiment": experiment},
    st.sampled_from([*COMMANDS]),
    st.dictionaries(arguments, simple, max_size=3),
    parts | anything,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(commands, max_size=8))
@pytest.mark.filterwarnings("ignore")
def test_random_commands_are_carried_out_or_rejected(session, said):
    made = session()
    for command in said:
        with suppress(LaminaError):
            made.do(command)
        made.state()
        made.frame(made.snapshot)
    made.close()
