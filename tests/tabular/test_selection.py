"""Greedy selection is never worse than the best candidate."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lamina.tabular.selection import select_weights


@given(n_candidates=st.integers(1, 6), seed=st.integers(0, 2**31 - 1))
def test_the_mean_is_never_worse_than_the_best_candidate(n_candidates, seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30)
    candidates = [y + rng.normal(0, rng.uniform(0.1, 3), 30) for _ in range(n_candidates)]

    def score(predictions):
        return -float(np.mean((predictions - y) ** 2))

    weights = select_weights(candidates, score)
    assert (weights >= 0).all()
    assert np.isclose(weights.sum(), 1)
    mean = sum(w * each for w, each in zip(weights, candidates, strict=True))
    assert score(mean) >= max(map(score, candidates)) - 1e-12


def test_candidates_without_a_score_count_alike():
    assert select_weights([np.zeros(3)] * 2, lambda p: -np.inf).tolist() == [0.5, 0.5]
