"""Sessions: what a page's commands do, and that what is refused changes nothing."""

import numpy as np
import pytest

from lamina.errors import ExperimentError


def learn(session, epochs, until):
    at = session.run.gate.epoch + epochs
    session.do({"do": "step", "epochs": epochs})
    until(lambda: session.run.gate.latest.epoch == at)


def test_a_change_begins_again_and_goes_on_playing_if_it_played(session, until):
    made = session()
    made.do({"do": "play"})
    until(lambda: made.run.gate.epoch > 3)
    before = made.run
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.1}}})
    assert made.run is not before
    assert made.run.status == "playing"
    before.wait(20)
    made.do({"do": "pause"})
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.2}}})
    assert (made.run.status, made.run.gate.epoch) == ("paused", 0)


def test_a_reset_with_the_same_seed_is_the_same_run_again(session, until):
    made = session()
    learn(made, 5, until)
    first = made.moment
    made.do({"do": "reset"})
    learn(made, 5, until)
    np.testing.assert_array_equal(made.moment.parameters, first.parameters)
    made.do({"do": "reset", "seed": "new"})
    learn(made, 5, until)
    assert not np.array_equal(made.moment.parameters, first.parameters)
    made.do({"do": "reset", "seed": 0})
    learn(made, 5, until)
    np.testing.assert_array_equal(made.moment.parameters, first.parameters)


def test_an_epoch_of_the_past_is_shown_again_and_the_run_goes_on_from_the_latest(session, until):
    made = session()
    learn(made, 6, until)
    made.do({"do": "seek", "epoch": 2})
    assert made.moment.epoch == 2
    assert made.moment.loss == made.run.gate.curves.losses()[1]
    learn(made, 1, until)
    assert made.moment.epoch == 7
    made.do({"do": "seek", "epoch": 0})
    made.do({"do": "seek", "epoch": None})
    assert made.moment.epoch == 7


def test_each_change_can_be_taken_back_in_turn(session):
    made = session()
    first = made.experiment
    made.do({"do": "set", "experiment": {"model": {"alpha": 0.1}}})
    second = made.experiment
    made.do({"do": "set", "experiment": {"data": {"name": "spiral", "n_arms": 3}}})
    made.do({"do": "undo"})
    assert made.experiment == second
    made.do({"do": "undo"})
    assert made.experiment == first
    with pytest.raises(ExperimentError, match="nothing to take back"):
        made.do({"do": "undo"})


@pytest.mark.parametrize(
    "patch",
    [
        {"model": {"alpha": -1}},
        {"data": {"kind": "known", "name": "iris"}, "inputs": ["x", "y"]},
        {"data": {"kind": "known", "name": "wine"}, "plane": {"kind": "columns", "columns": [0]}},
        {"data": {"kind": "drawn", "points": [[0, 0, 0]] * 9}},
        {"data": {"kind": "drawn", "points": [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1]]}},
        {"data": {"kind": "given", "hash": "unknown"}},
        {"model": {"class_weight": {"7": 1.0}}},
        {"model": {"class_weight": {"0": [1.0]}}},
    ],
)
def test_a_change_that_is_refused_leaves_the_run_as_it_was(patch, session, until):
    made = session()
    learn(made, 2, until)
    run, experiment = made.run, made.experiment
    with pytest.raises(ExperimentError):
        made.do({"do": "set", "experiment": patch})
    assert (made.run, made.experiment) == (run, experiment)
    assert not made.before
    learn(made, 1, until)


def test_other_tasks_data_leaves_what_does_not_go_with_it(session):
    made = session({"model": {"label_smoothing": 0.1, "alpha": 0.3}})
    made.do({"do": "set", "experiment": {"data": {"name": "hills"}}})
    assert type(made.run.model).__name__ == "MLPRegressor"
    assert made.experiment.model["alpha"] == 0.3
    assert "label_smoothing" not in made.experiment.model


def test_a_rate_cannot_be_set_where_there_is_none(session):
    made = session({"model": {"solver": "lbfgs"}})
    with pytest.raises(ExperimentError, match="takes no learning rate"):
        made.do({"do": "rate", "learning_rate": 0.1})


def test_the_state_tells_where_each_matrix_stands(session):
    made = session({"model": {"hidden_layer_sizes": [3, 2], "activation": "prelu"}})
    state, moment = made.state(), made.moment
    model = made.run.model_at(moment)
    for kind, parts in (("weights", model.coefs_), ("biases", model.intercepts_)):
        for place, part in zip(state["network"][kind], parts, strict=True):
            found = moment.parameters[place["start"] :][: part.size].reshape(place["shape"])
            np.testing.assert_array_equal(found, part)
    assert [layer["fan_out"] for layer in state["network"]["layers"]] == [3, 2, 1]


def test_many_changes_leave_few_threads_and_few_ways_back(session, until):
    import threading

    made = session()
    before = threading.active_count()
    for seed in range(60):
        made.do({"do": "reset", "seed": seed})
    until(lambda: threading.active_count() <= before)
    assert len(made.before) == 50
