"""Counter-based noise: published words, fractions and moments, and dependences of a draw."""

import numpy as np
import pytest

from lamina.formulas.noise import Draws, dropout_factors, philox, standard_normals, words

DRAWS = Draws(seed=5, step=3, rows=np.arange(4000))


# Words published with the code of the paper's authors.
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, (0, 0), [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (
            [0xFFFFFFFF] * 4,
            (0xFFFFFFFF, 0xFFFFFFFF),
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
        ),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            (0xA4093822, 0x299F31D0),
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_published_words(counter, key, expected):
    assert philox(np.array(counter, dtype=np.uint64), key).tolist() == expected


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout_keeps_its_fraction_and_the_mean(rate):
    factors = dropout_factors(DRAWS, 1, (4000, 50), rate)
    assert (factors == 0).mean() == pytest.approx(rate, abs=0.005)
    assert set(np.unique(factors)) <= {0.0, 1 / (1 - rate)}
    assert factors.mean() == pytest.approx(1, abs=0.03)


def test_normals_have_the_moments_of_the_standard_normal_distribution():
    drawn = standard_normals(DRAWS, 2, (4000, 51))
    powers = [np.mean(drawn**k) for k in (1, 2, 3, 4)]
    np.testing.assert_allclose(powers, [0, 1, 0, 3], atol=0.05)
    assert np.corrcoef(drawn.T)[0, 1:].max() < 0.1


def test_a_draw_does_not_depend_on_the_other_samples():
    some = DRAWS._replace(rows=np.array([7, 3, 3999]))
    np.testing.assert_array_equal(words(some, 1, 10), words(DRAWS, 1, 10)[[7, 3, 3999]])
    np.testing.assert_array_equal(words(DRAWS, 1, 3), words(DRAWS, 1, 10)[:, :3])


@pytest.mark.parametrize("change", [{"seed": 6}, {"seed": 5 + 2**32}, {"step": 4}])
def test_another_seed_or_step_gives_different_words(change):
    assert (words(DRAWS._replace(**change), 1, 10) != words(DRAWS, 1, 10)).mean() > 0.99
    assert (words(DRAWS, 2, 10) != words(DRAWS, 1, 10)).mean() > 0.99
