"""Landscape of a run: its values equal the loss, and it is computed only on request."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.studies import loss_landscape
from lamina.training.callbacks import Snapshots
from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.views import landscape as module
from lamina.workbench.views.frames import decode


def learn(session, epochs, until):
    at = session.run.controller.epoch + epochs
    session.do({"do": "step", "epochs": epochs})
    until(lambda: session.run.controller.latest.epoch == at)


def begin(session, **query):
    return decode(ANSWERS["landscape"].content(session, {"n_points": "5", **query}))


def losses_of(session, number, n_samples=5):
    """Request all rows of the slice as a page does."""
    rows = []
    while len(rows) < n_samples:
        query = {"landscape": str(number), "from": str(len(rows))}
        header, arrays = decode(ANSWERS["landscape_part"].content(session, query))
        assert header["from"] == len(rows)
        rows += [*arrays["losses"]]
    return np.array(rows)


def way_of(session):
    way, snapshots = Snapshots(), session.run.controller.snapshots.kept
    way.epochs = [snapshot.epoch for snapshot in snapshots]
    way.losses = [snapshot.loss for snapshot in snapshots]
    way.parameters = [snapshot.parameters for snapshot in snapshots]
    return way


@pytest.mark.parametrize("directions", ["path", "random"])
@pytest.mark.parametrize(
    "patch", [{}, {"data": {"name": "hills"}}, {"model": {"dtype": "float32"}}]
)
def test_values_equal_those_of_loss_slice(directions, patch, session, until):
    made = session(patch)
    learn(made, 6, until)
    header, arrays = begin(made, directions=directions, seed="3")
    expected = loss_landscape(
        made.run.get_model(made.snapshot),
        made.run.prepared.X_train,
        made.run.prepared.y_train,
        directions=directions,
        snapshots=way_of(made),
        n_points=5,
        random_state=3,
    )
    np.testing.assert_allclose(losses_of(made, header["landscape"]), expected.losses, rtol=1e-12)
    np.testing.assert_array_equal(arrays["first"], expected.first)
    np.testing.assert_array_equal(arrays["path_epoch"], expected.path.epochs)
    np.testing.assert_allclose(arrays["path"], expected.path.positions, atol=1e-12)
    np.testing.assert_allclose(arrays["path_loss"], expected.path.losses)
    assert header["fraction"] == pytest.approx(expected.path.fraction)
    assert (header["directions"], header["epoch"]) == (directions, 6)
    assert header["n_samples"] == header["n_samples_in_all"] == len(made.run.prepared.X_train)


def test_the_loss_on_test_rows_equals_the_curves(session, until):
    made = session({"model": {"alpha": 0.3}})
    learn(made, 4, until)
    header, arrays = begin(made, of="test")
    rows = {int(epoch): loss for epoch, loss in zip(*curve(made), strict=True)}
    for epoch, loss in zip(arrays["path_epoch"][1:], arrays["path_loss"][1:], strict=True):
        assert loss == pytest.approx(rows[int(epoch)], rel=1e-12)
    assert header["loss"] == pytest.approx(rows[4], rel=1e-12)


def curve(session):
    curves = session.views.curves()
    return curves["curve_epoch"], curves["curve_validation_loss"]


def test_the_projection_reproduces_the_path(session, until):
    made = session()
    learn(made, 5, until)
    for directions in ("path", "random"):
        _, arrays = begin(made, directions=directions)
        snapshots = [snapshot.parameters for snapshot in made.run.controller.snapshots.kept]
        placed = (np.array(snapshots) - arrays["center"]) @ arrays["projection"].T
        np.testing.assert_allclose(placed, arrays["path"], atol=1e-12)


def test_a_displayed_earlier_epoch_is_the_centre(session, until):
    made = session()
    learn(made, 6, until)
    made.do({"do": "seek", "epoch": 2})
    header, arrays = begin(made)
    assert header["epoch"] == 2
    np.testing.assert_array_equal(
        arrays["center"], made.run.controller.snapshots.nearest(2).parameters
    )


def test_directions_are_random_without_a_path(session, until):
    made = session()
    header, arrays = begin(made)
    assert (header["directions"], header["fraction"]) == ("random", None)
    assert "path" not in arrays
    assert np.isfinite(losses_of(made, header["landscape"])).all()
    with pytest.raises(
        ExperimentError, match="train for more epochs, or choose directions='random'"
    ):
        begin(made, directions="path")
    # Without a step, all snapshots are the same point.
    still = session({"model": {"solver": "sgd", "learning_rate_init": 1e-300, "alpha": 0}})
    learn(still, 4, until)
    assert begin(still)[0]["directions"] == "random"


def test_many_rows_and_long_paths_are_subsampled(session, until, monkeypatch):
    made = session({"model": {"alpha": 5.0}})
    learn(made, 9, until)
    monkeypatch.setattr(module, "MOST_WORK", 0)
    monkeypatch.setattr(module, "FEWEST_ROWS", 12)
    monkeypatch.setattr(module, "MOST_ON_PATH", 4)
    header, arrays = begin(made)
    assert (header["n_samples"], header["n_samples_in_all"]) == (12, 30)
    assert arrays["path_epoch"].tolist() == [0, 3, 6, 9]
    some = loss_landscape(
        made.run.get_model(made.snapshot).set_params(alpha=0),
        made.run.prepared.X_train[:12],
        made.run.prepared.y_train[:12],
        n_points=2,
    ).loss
    squares = sum((W**2).sum() for W in made.run.get_model(made.snapshot).coefs_)
    # The penalty is that over all rows, not over twelve rows.
    assert header["loss"] == pytest.approx(some + 5.0 / 2 * squares / 30, rel=1e-12)


def test_a_new_slice_or_run_replaces_the_current_slice(session, until):
    made = session()
    learn(made, 3, until)
    old, new = begin(made)[0]["landscape"], begin(made)[0]["landscape"]
    losses_of(made, new)
    with pytest.raises(ExperimentError, match="newer landscape has replaced"):
        losses_of(made, old)
    made.do({"do": "reset"})
    with pytest.raises(ExperimentError, match="newer landscape has replaced"):
        losses_of(made, new)


def test_a_part_ends_after_its_time_limit(session, until, monkeypatch):
    made = session()
    learn(made, 3, until)
    number = begin(made)[0]["landscape"]
    monkeypatch.setattr(module, "SECONDS_A_PART", 0.0)
    query = {"landscape": str(number), "from": "3"}
    _, arrays = decode(ANSWERS["landscape_part"].content(made, query))
    assert arrays["losses"].shape == (1, 5)


def test_a_slice_does_not_change_the_run(session, until):
    made, alone = session(), session()
    for each in (made, alone):
        learn(each, 4, until)
    losses_of(made, begin(made)[0]["landscape"])
    for each in (made, alone):
        learn(each, 4, until)
    np.testing.assert_array_equal(made.snapshot.parameters, alone.snapshot.parameters)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"directions": "paht"}, "directions='paht' must be one of auto, path, random.*'path'?"),
        ({"of": "all"}, "of='all' must be one of train, test"),
        ({"n_points": "4"}, "n_points='4' must be a whole number from 5 to 61"),
        ({"n_points": "9.5"}, "must be a whole number"),
        ({"n_points": "nan"}, "must be a whole number"),
        ({"span": "0"}, "span='0' must be a number from 0.01 to 10"),
        ({"span": "wide"}, "span='wide' must be a number"),
        ({"seed": "-1"}, "seed='-1' must be a whole number from 0 to"),
    ],
)
def test_invalid_options_of_a_slice_are_rejected(query, answer, session):
    with pytest.raises(ExperimentError, match=answer):
        begin(session(), **query)
