"""Sketches of streams: exact while small, within their stated error beyond, however merged."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pandas")

from lamina.encoding.calendar import PARTS, varying_parts
from lamina.encoding.statistics.calendar_facts import CalendarFacts
from lamina.encoding.statistics.distinct import DistinctValues, hash_numbers
from lamina.encoding.statistics.heavy_hitters import HeavyHitters
from lamina.encoding.statistics.moments import Moments
from lamina.encoding.statistics.quantiles import QuantileSketch
from lamina.encoding.statistics.row_digest import RowDigest

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200).map(np.array)
fractions = np.linspace(0, 1, 21)


def drawn_values(seed, n):
    rng = np.random.default_rng(seed)
    kinds = rng.normal(size=n), np.sort(rng.exponential(size=n)), rng.integers(0, 50, n) * 1.0
    return kinds[seed % 3]


def pieces(values, seed):
    """Split values at random places."""
    ends = np.sort(np.random.default_rng(seed).integers(0, len(values), 7))
    return np.split(values, ends)


@given(numbers, st.integers(0, 99))
def test_quantiles_of_few_numbers_are_numpys(values, seed):
    sketch = QuantileSketch()
    for part in pieces(values, seed):
        sketch.add(part)
    assert sketch.is_exact
    assert sketch.median() == np.median(values)
    np.testing.assert_array_equal(sketch.quantiles(fractions), np.quantile(values, fractions))


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(500, 20_000), st.integers(16, 256), st.booleans())
def test_the_rank_of_a_quantile_is_within_the_stated_error(seed, n, capacity, merges):
    values = drawn_values(seed, n)
    sketches = [QuantileSketch(capacity), QuantileSketch(capacity)]
    for i, part in enumerate(pieces(values, seed)):
        sketches[i % 2 if merges else 0].add(part)
    sketch = sketches[0]
    sketch.merge(sketches[1])
    assert sketch.n_values == n
    ordered = np.sort(values)
    ranks = np.floor(fractions * (n - 1))
    found = sketch._at(ranks)
    lowest = np.searchsorted(ordered, found, side="left")
    highest = np.searchsorted(ordered, found, side="right") - 1
    error = np.maximum(np.maximum(lowest - ranks, ranks - highest), 0)
    assert error.max() <= sketch.rank_error


def test_the_stated_error_is_small_for_a_million_numbers():
    sketch = QuantileSketch()
    rng = np.random.default_rng(0)
    for _ in range(16):
        sketch.add(rng.normal(size=1 << 16))
    assert 0 < sketch.rank_error / sketch.n_values < 3e-4
    assert abs(sketch.median()) < 2e-3


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(1, 40)), min_size=1, max_size=30))
def test_counted_values_are_those_repeated(pairs):
    values, counts = np.array([v for v, _ in pairs]), np.array([n for _, n in pairs])
    sketch = QuantileSketch()
    sketch.add(values, counts)
    assert sketch.median() == np.median(np.repeat(values, counts))
    moments, expected = Moments.find(values, counts), np.repeat(values, counts)
    assert moments.n == len(expected)
    np.testing.assert_allclose(moments.mean, expected.mean(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(moments.variance, expected.var(), rtol=1e-9, atol=1e-9)


@given(numbers, st.integers(0, 99))
def test_moments_of_pieces_are_those_of_all(values, seed):
    moments = Moments()
    for part in pieces(values, seed):
        moments = moments.merge(Moments.find(part))
    np.testing.assert_allclose(moments.mean, values.mean(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(moments.variance, values.var(), rtol=1e-9, atol=1e-3)


@pytest.mark.parametrize("n_distinct", [3, 1000, 50_000])
@pytest.mark.parametrize("capacity", [256, 1 << 14])
def test_distinct_values_are_counted_or_estimated(n_distinct, capacity):
    values = np.random.default_rng(0).permutation(n_distinct) * 1.0
    parts = [DistinctValues(capacity), DistinctValues(capacity)]
    for i, part in enumerate(pieces(values, 1)):
        parts[i % 2].add(hash_numbers(part))
    parts[0].merge(parts[1])
    # Four standard errors of a sample of at least half the capacity.
    tolerance = 0 if parts[0].is_exact else 4 / np.sqrt(capacity / 2)
    assert parts[0].is_exact == (n_distinct <= capacity)
    assert abs(parts[0].n_distinct / n_distinct - 1) <= tolerance
    assert not parts[0].any_repeated
    parts[0].add(hash_numbers(values))
    assert parts[0].any_repeated


@given(st.lists(st.sampled_from("abcdefghij"), max_size=300), st.integers(1, 4), st.integers(0, 9))
def test_no_frequent_text_is_lost(texts, capacity, cut):
    parts = [HeavyHitters(capacity), HeavyHitters(capacity)]
    for i in range(0, len(texts), 10):
        counts = Counter(texts[i : i + 10])
        keys = np.array([*counts, None], dtype=object)[:-1]
        parts[i // 10 > cut].add(keys, np.array(list(counts.values())))
    parts[0].merge(parts[1])
    found, exact = parts[0].counts(), Counter(texts)
    error = parts[0].error
    assert error <= len(texts) / (capacity + 1)
    for text, count in exact.items():
        assert count - error <= found.get(text, 0) <= count


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(0, 30))
def test_a_digest_does_not_depend_on_the_split_but_on_the_order(hashes, cut):
    whole, first, second = RowDigest(), RowDigest(), RowDigest()
    array = np.array(hashes, dtype=np.uint64)
    whole.add(array)
    first.add(array[:cut])
    second.add(array[cut:])
    first.merge(second)
    assert first.value == whole.value
    backwards = RowDigest()
    backwards.add(array[::-1])
    assert (backwards.value == whole.value) == (hashes == hashes[::-1])


@settings(deadline=None)
@given(st.lists(st.floats(0, 2000), min_size=1, max_size=40).map(np.array), st.integers(0, 9))
def test_varying_parts_of_dates_do_not_depend_on_the_split(days, seed):
    facts = [CalendarFacts(), CalendarFacts()]
    for i, part in enumerate(pieces(days, seed)):
        facts[i % 2].add(part)
    facts[0].merge(facts[1])
    assert facts[0].varying(list(PARTS)) == varying_parts(days, list(PARTS))
