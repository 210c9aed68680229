"""Of a run's moments, a few are looked at: always the same ones, and each once."""

import numpy as np
import pytest

from lamina.workbench.curves import Moment
from lamina.workbench.over_time import MOST_COLUMNS, coarse_to_fine, thinned


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 1000])
def test_the_moments_that_are_chosen_are_few_and_stay_the_same(n):
    moments = [Moment(epoch, np.zeros(1), {}) for epoch in range(n)]
    chosen = thinned(moments, MOST_COLUMNS)
    assert min(n, MOST_COLUMNS // 2) <= len(chosen) <= MOST_COLUMNS
    later = thinned([*moments, *(Moment(n + k, np.zeros(1), {}) for k in range(n))], MOST_COLUMNS)
    assert {moment.epoch for moment in later if moment.epoch < n} <= {
        moment.epoch for moment in chosen
    }
    assert sorted(moment.epoch for moment in coarse_to_fine(chosen)) == [
        moment.epoch for moment in chosen
    ]
