"""The history of a run stays small and still covers the whole run."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lamina.workbench.runs.curves import Curves, Snapshot, SnapshotHistory


def filled(n, most):
    curves = Curves(most)
    for epoch in range(1, n + 1):
        curves.add({"epoch": epoch, "loss": 1 / epoch, "validation_loss": 2 / epoch})
    return curves


@given(st.integers(1, 300), st.integers(3, 40))
def test_a_curve_has_few_evenly_spaced_points_and_the_latest(n, most):
    columns = filled(n, most).columns()
    epochs = columns["epoch"]
    assert len(epochs) <= most
    assert epochs[-1] == n
    steps = set(np.diff(epochs[:-1]))
    assert len(steps) <= 1
    np.testing.assert_array_equal(columns["loss"], 1 / epochs)


def test_a_short_curve_keeps_every_epoch():
    assert filled(20, 40).columns()["epoch"].tolist() == [*range(1, 21)]


def test_losses_are_kept_for_every_epoch():
    curves = filled(100, 8)
    assert curves.losses() == [1 / epoch for epoch in range(1, 101)]
    assert curves.validation_losses() == [2 / epoch for epoch in range(1, 101)]
    assert curves.last_row() == {"epoch": 100, "loss": 0.01, "validation_loss": 0.02}


def test_curves_are_empty_before_the_first_epoch():
    assert Curves().columns() == {}
    assert Curves().last_row() == {}


@given(st.integers(1, 300), st.integers(2, 40))
def test_snapshots_are_few_and_evenly_spaced(n, most):
    snapshots = SnapshotHistory(8, most)
    for epoch in range(n):
        if snapshots.keeps(epoch):
            snapshots.add(Snapshot(epoch, np.zeros(1), {}))
    extent = snapshots.extent()
    assert len(snapshots.kept) <= most
    assert extent["first"] == 0
    assert n - 1 - extent["last"] < 2 * extent["every"]
    for epoch in range(extent["last"] + 1):
        assert abs(snapshots.nearest(epoch).epoch - epoch) <= extent["every"]


def test_large_networks_have_fewer_snapshots():
    small, large = SnapshotHistory(1_000), SnapshotHistory(8_000_000)
    assert large.most < small.most


def test_the_final_network_replaces_the_last_snapshot():
    snapshots = SnapshotHistory(8)
    for epoch in range(3):
        snapshots.add(Snapshot(epoch, np.zeros(1), {}))
    snapshots.add_last(Snapshot(2, np.ones(1), {}))
    assert [snapshot.epoch for snapshot in snapshots.kept] == [0, 1, 2]
    assert snapshots.nearest(2).parameters == [1.0]
