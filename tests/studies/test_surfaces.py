"""Every surface: its gradient against finite differences, its minima, start and window."""

import numpy as np
import pytest

from lamina.errors import UnknownNameError
from lamina.studies import SURFACES, Surface
from lamina.studies.surfaces import get_surface

every_surface = pytest.mark.parametrize("name", SURFACES)


def differences(value, x, y, step=1e-6):
    return (
        (value(x + step, y) - value(x - step, y)) / (2 * step),
        (value(x, y + step) - value(x, y - step)) / (2 * step),
    )


@every_surface
def test_the_gradient_equals_finite_differences(name):
    surface = SURFACES[name]
    x, y = np.random.RandomState(0).uniform(-2, 2, (2, 50))
    expected = differences(surface.value, x, y)
    scale = np.abs(expected).max()
    for found, reference_value in zip(surface.gradient(x, y), expected, strict=True):
        np.testing.assert_allclose(found, reference_value, atol=1e-8 * scale)


@every_surface
def test_each_minimum_has_zero_gradient_and_lower_values_than_its_surroundings(name):
    surface = SURFACES[name]
    around = np.random.RandomState(0).uniform(-0.1, 0.1, (2, 200))
    for x, y in surface.minima:
        np.testing.assert_allclose(surface.gradient(x, y), 0, atol=1e-12)
        assert (surface.value(x + around[0], y + around[1]) > surface.value(x, y)).all()
    values = [surface.value(x, y) for x, y in surface.minima]
    assert values == sorted(values)


@every_surface
def test_the_window_contains_the_start_and_every_minimum(name):
    surface = SURFACES[name]
    left, right, bottom, top = surface.window
    for x, y in (surface.start, *surface.minima):
        assert left < x < right
        assert bottom < y < top


@every_surface
def test_the_lowest_minimum_is_the_lowest_point_of_the_window(name):
    surface = SURFACES[name]
    left, right, bottom, top = surface.window
    grid = np.meshgrid(np.linspace(left, right, 101), np.linspace(bottom, top, 101))
    assert surface.values(*grid).min() >= surface.value(*surface.minima[0]) - 1e-12


def test_gradients_of_a_user_function_are_finite_differences():
    surface = get_surface(lambda x, y: np.exp(x) * y)
    np.testing.assert_allclose(
        surface.gradient(0.5, 2.0), (2 * np.exp(0.5), np.exp(0.5)), rtol=1e-9
    )
    assert get_surface(surface) is surface


def test_a_function_of_single_points_has_values_on_a_grid():
    surface = get_surface(lambda x, y: x if x > y else y)
    assert surface.values(np.array([1.0, 2.0]), np.array([3.0, 0.0])).tolist() == [3.0, 2.0]
    constant = Surface("flat", lambda x, y: 2.0, lambda x, y: (0.0, 0.0), start=(0.0, 0.0))
    assert constant.values(np.zeros(3), np.zeros(3)).tolist() == [2.0, 2.0, 2.0]


def test_an_unknown_surface_is_rejected_with_the_known_ones():
    with pytest.raises(
        UnknownNameError, match=r"'rosenbruck' is not a known surface. Did you mean 'rose"
    ):
        get_surface("rosenbruck")
    with pytest.raises(TypeError, match="function=3 is neither one of 'bowl'"):
        get_surface(3)
