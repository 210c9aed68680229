import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from lamina.files import chunks
from lamina.files.chunks import Workspace
from lamina.training.splits_on_disk import split_on_disk


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 100)
    monkeypatch.setattr(chunks, "FEWEST_BYTES_ON_DISK", 0)


@pytest.mark.parametrize("n", [101, 1000, 4321])
@pytest.mark.parametrize("fraction", [0.1, 0.37])
@pytest.mark.parametrize("probability", [None, 0.0, 0.03, 0.5, 0.9])
def test_a_split_on_disk_is_that_of_scikit_learn(
    n: int, fraction: float, probability: float | None
) -> None:
    strata = None
    if probability is not None:
        strata = np.random.default_rng(n).random((n, 1)) < probability
        strata[:2] = True
    ours, theirs = np.random.RandomState(3), np.random.RandomState(3)
    learned, held_out = split_on_disk(n, fraction, ours, strata, Workspace(on_disk=True))
    expected = train_test_split(
        np.arange(n), test_size=fraction, random_state=theirs, stratify=strata
    )
    np.testing.assert_array_equal(learned, expected[0])
    np.testing.assert_array_equal(held_out, expected[1])
    assert ours.randint(1 << 30) == theirs.randint(1 << 30)


def test_a_class_with_one_sample_is_scikit_learns_error() -> None:
    strata = np.zeros((500, 1), dtype=bool)
    strata[7] = True
    with pytest.raises(ValueError, match="only 1 member"):
        split_on_disk(500, 0.1, np.random.RandomState(0), strata, Workspace(on_disk=True))
