"""Sums over the workers have the bits of a sum over the tree in one process."""

import operator

import numpy as np
import pytest
from tests.distributed.queue_group import run_in_threads

from lamina.distributed.group import share_slices, slice_of, sum_over_slices, sum_to_slices
from lamina.distributed.summing import tree_sum

N_SHARDS, LENGTH = 8, 24
SIZES = [1, 2, 4, 8]


def leaves(dtype=np.float32):
    return np.random.RandomState(0).normal(size=(N_SHARDS, LENGTH)).astype(dtype)


def part_of(group, rows):
    n_each = N_SHARDS // group.size
    return rows[group.rank * n_each : (group.rank + 1) * n_each]


@pytest.mark.parametrize("size", SIZES)
def test_the_bits_of_a_sum_do_not_depend_on_the_number_of_workers(size):
    rows = leaves()
    expected = tree_sum(rows.copy(), operator.add)

    def work(group):
        vector = tree_sum(part_of(group, rows).copy(), operator.add).copy()
        numbers = tree_sum(part_of(group, rows)[:, :3].astype(np.float64), operator.add).copy()
        sum_to_slices(group, vector, numbers)
        result = np.full(LENGTH, np.nan, np.float32)
        result[slice_of(group, LENGTH)] = vector[slice_of(group, LENGTH)]
        share_slices(group, result)
        return result, numbers

    results, _ = run_in_threads(size, work)
    of_numbers = tree_sum(rows[:, :3].astype(np.float64), operator.add)
    for vector, numbers in results:
        assert vector.tobytes() == expected.tobytes()
        assert numbers.tobytes() == of_numbers.tobytes()


@pytest.mark.parametrize("size", SIZES)
def test_numbers_of_slices_are_added_in_the_order_of_the_slices(size):
    chunks = leaves(np.float64).ravel()[:N_SHARDS]

    def work(group):
        mine = slice_of(group, N_SHARDS)
        numbers = np.array([tree_sum(chunks[mine], operator.add)])
        sum_over_slices(group, numbers)
        return numbers[0]

    results, _ = run_in_threads(size, work)
    assert set(results) == {tree_sum(chunks, operator.add)}


@pytest.mark.parametrize("size", [2, 4, 8])
def test_a_worker_sends_each_parameter_at_most_twice(size):
    def work(group):
        vector = np.zeros(1024, np.float32)
        sum_to_slices(group, vector, np.zeros(0))
        share_slices(group, vector)

    _, groups = run_in_threads(size, work)
    expected = 2 * (1 - 1 / size) * 1024 * 4
    assert [group.n_sent for group in groups] == [expected] * size
