"""Every sample belongs to one shard, and every batch takes as many of each."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lamina.distributed.shards import Division, order_of_shard

divisions = st.builds(Division, st.integers(1, 200), st.sampled_from([1, 2, 4, 8, 16]))


@given(divisions)
def test_the_shards_are_consecutive_and_hold_every_sample_once(division):
    rows = [np.arange(1000)[division.rows(shard)] for shard in range(division.n_shards)]
    assert np.concatenate(rows).tolist() == [*range(division.n_samples)]
    assert [len(each) for each in rows] == [*map(division.size, range(division.n_shards))]


@given(divisions, st.integers(1, 60))
def test_batches_take_every_sample_of_each_shard_once_and_differ_by_one_at_most(division, size):
    taken = {shard: [] for shard in range(division.n_shards)}
    for start in range(0, division.n_samples, size):
        stop = min(start + size, division.n_samples)
        parts = {shard: division.part_of_batch(shard, start, stop) for shard in taken}
        lengths = [part.stop - part.start for part in parts.values()]
        assert sum(lengths) == stop - start
        assert max(lengths) - min(lengths) <= 1
        for shard, part in parts.items():
            taken[shard] += [*range(part.start, part.stop)]
    assert all(rows == [*range(division.size(shard))] for shard, rows in taken.items())


def test_each_worker_has_consecutive_shards():
    division = Division(10, 8)
    assert [[*division.shards_of(rank, 4)] for rank in range(4)] == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_an_order_is_that_of_its_seed():
    assert order_of_shard(5, None).tolist() == [0, 1, 2, 3, 4]
    assert sorted(order_of_shard(50, 3)) == [*range(50)]
    assert (order_of_shard(50, 3) == order_of_shard(50, 3)).all()
    assert (order_of_shard(50, 3) != order_of_shard(50, 4)).any()
