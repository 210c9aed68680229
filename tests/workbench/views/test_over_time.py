"""Selection of a run's snapshots: always the same ones, each computed once."""

import numpy as np
import pytest

from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.views.over_time import MOST_COLUMNS, coarse_to_fine, thinned


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 1000])
def test_few_snapshots_are_selected_and_stay_selected(n):
    snapshots = [Snapshot(epoch, np.zeros(1), {}) for epoch in range(n)]
    chosen = thinned(snapshots, MOST_COLUMNS)
    assert min(n, MOST_COLUMNS // 2) <= len(chosen) <= MOST_COLUMNS
    later = thinned(
        [*snapshots, *(Snapshot(n + k, np.zeros(1), {}) for k in range(n))], MOST_COLUMNS
    )
    assert {snapshot.epoch for snapshot in later if snapshot.epoch < n} <= {
        snapshot.epoch for snapshot in chosen
    }
    assert sorted(snapshot.epoch for snapshot in coarse_to_fine(chosen)) == [
        snapshot.epoch for snapshot in chosen
    ]
