import numpy as np
import pytest

from lamina.files import chunks
from lamina.files.chunks import Workspace, are_finite, average, distinct, slices, total
from lamina.files.disk_arrays import create_unnamed, is_mapped


@pytest.fixture(autouse=True, params=[1000, 1 << 12])
def small_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", request.param)
    monkeypatch.setattr(chunks, "FEWEST_BYTES_ON_DISK", 0)


@pytest.mark.parametrize("n", [1, 7, 129, 999, 1000, 1001, 5003, 12_345, 100_001])
@pytest.mark.parametrize("n_columns", [None, 1, 2, 3, 8, 33])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sum_in_chunks_has_the_bits_of_one_sum(
    n: int, n_columns: int | None, dtype: type[np.floating]
) -> None:
    shape = (n,) if n_columns is None else (n, n_columns)
    x = (1e3 * np.random.default_rng(n).standard_normal(shape)).astype(dtype)
    summed = total(n, lambda rows: x[rows])
    assert summed.dtype == dtype
    np.testing.assert_array_equal(summed, np.sum(x, axis=0))
    weight = np.random.default_rng(1).random(n)
    for w in (None, weight):
        averaged = average(n, lambda rows: x[rows], w)
        np.testing.assert_array_equal(averaged, np.average(x, axis=0, weights=w))


def test_an_average_by_weights_that_sum_to_zero_is_numpys_error() -> None:
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        average(2, lambda rows: np.ones((2, 1))[rows], np.array([1.0, -1.0]))


def test_the_slices_cover_all_rows() -> None:
    rows = np.arange(10_001)
    parts = [rows[part] for part in slices(len(rows))]
    np.testing.assert_array_equal(np.concatenate(parts), rows)


@pytest.mark.parametrize("place", [0, 4999, 9999])
def test_a_number_that_is_not_finite_is_found_in_every_chunk(place: int) -> None:
    x = np.zeros((10_000, 2))
    assert are_finite(x)
    x[place, 1] = np.nan
    assert not are_finite(x)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_distinct_values_are_those_of_unique(dtype: type[np.integer]) -> None:
    y = np.random.default_rng(0).integers(0, 200, 9_000).astype(dtype)
    found = distinct(y)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.unique(y))


def test_a_workspace_on_disk_gives_the_same_arrays_as_one_in_memory() -> None:
    X = np.random.default_rng(0).random((7000, 3))
    rows = np.random.default_rng(1).permutation(7000)[:5003]
    on_disk = Workspace.of_samples(create_unnamed((2, 2), "float32"))
    assert on_disk.on_disk
    assert not Workspace.of_samples(X).on_disk
    for workspace in (on_disk, Workspace()):
        np.testing.assert_array_equal(workspace.take(X, rows), X[rows])
        np.testing.assert_array_equal(workspace.arange(5003), np.arange(5003))
        assert is_mapped(workspace.take(X, rows)) == workspace.on_disk
