"""Descents take the steps of the optimizers' formulas, for every optimizer."""

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

from lamina import MLPRegressor
from lamina.errors import UnknownNameError
from lamina.formulas import OPTIMIZERS, SCHEDULES
from lamina.studies import SURFACES, gradient_descent_path

every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)


def test_plain_gradient_descent_subtracts_the_rate_times_the_gradient():
    path = gradient_descent_path("ravine", start=(2, 1), learning_rate=0.05, momentum=0, n_steps=3)
    x, y = 2.0, 1.0
    for point in path.points:
        np.testing.assert_allclose(point, (x, y), rtol=1e-14)
        x, y = x - 0.05 * x, y - 0.05 * 25 * y
    np.testing.assert_allclose(path.values, SURFACES["ravine"].value(*path.points.T))
    np.testing.assert_allclose(path.gradient_norms[0], np.hypot(2, 25))
    assert path.learning_rates.tolist() == [0.05] * 3


@every_optimizer
def test_every_optimizer_takes_the_same_steps_as_in_a_network(optimizer):
    # The loss of one linear unit on two samples is this bowl around (3, -1).
    X, y = np.sqrt(2) * np.eye(2), np.sqrt(2) * np.array([3.0, -1.0])
    start, rate = np.array([0.5, 0.25]), 0.1
    path = gradient_descent_path(
        lambda a, b: ((a - 3) ** 2 + (b + 1) ** 2) / 2,
        optimizer,
        start,
        learning_rate=rate,
        n_steps=1,
        weight_decay=0,
    )
    options = {"solver": optimizer, "learning_rate_init": rate, "alpha": 0, "batch_size": 2}
    model = MLPRegressor(
        hidden_layer_sizes=(), initializer=[start[:, None], np.zeros(1)], weight_decay=0, **options
    )
    model.partial_fit(X, y)
    # The network's bias has a gradient, but it does not affect the first step of the weights.
    np.testing.assert_allclose(path.points[1], model.coefs_[0][:, 0], rtol=1e-7)


@every_optimizer
@pytest.mark.parametrize("surface", SURFACES)
def test_every_optimizer_lowers_every_surface(optimizer, surface):
    path = gradient_descent_path(surface, optimizer, learning_rate=1e-3, n_steps=60)
    assert path.points.shape == (61, 2)
    assert not path.diverged
    assert path.values[-1] < path.values[0]
    assert path.points[0].tolist() == list(SURFACES[surface].start)


def test_momentum_is_faster_along_a_ravine():
    plain, heavy = (
        gradient_descent_path("ravine", learning_rate=0.03, momentum=m) for m in (0, 0.7)
    )
    assert heavy.values[-1] < 1e-3 * plain.values[-1]


def test_momentum_crosses_the_pass_where_plain_descent_stays_in_the_first_valley():
    low, high = SURFACES["two_minima"].minima
    options = {"learning_rate": 0.01, "n_steps": 600, "nesterovs_momentum": False}
    plain = gradient_descent_path("two_minima", momentum=0, **options)
    heavy = gradient_descent_path("two_minima", momentum=0.95, **options)
    np.testing.assert_allclose(plain.points[-1], high, atol=1e-3)
    np.testing.assert_allclose(heavy.points[-1], low, atol=1e-3)


def test_a_path_ends_when_a_too_large_learning_rate_diverges():
    path = gradient_descent_path("ravine", learning_rate=1.0, momentum=0, n_steps=2000)
    assert path.diverged
    assert len(path.points) == len(path.values) == len(path.learning_rates) + 1 < 2000
    assert np.isfinite(path.best).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_sets_the_learning_rates_of_a_descent(schedule):
    options = {"learning_rate": 0.01, "schedule": schedule, "n_steps": 40}
    rates = gradient_descent_path("bowl", momentum=0, **options).learning_rates
    model = MLPRegressor("squared_error", (), learning_rate=schedule, batch_size=1, max_iter=40)
    model.set_params(solver="sgd", momentum=0, learning_rate_init=0.01, n_iter_no_change=40, tol=0)
    if schedule in ("adaptive", "plateau"):
        assert rates[0] == 0.01
    else:
        expected = model.fit([[0.0]], [0.0]).history_["learning_rate"]
        np.testing.assert_allclose(rates[: len(expected)], expected[: len(rates)])


def test_the_learning_rate_is_lowered_when_a_descent_stalls():
    shared = {"learning_rate": 0.0799, "momentum": 0, "n_steps": 60}
    plateau = gradient_descent_path(
        lambda x, y: abs(x) + abs(y),
        schedule="plateau",
        schedule_options={"patience": 2},
        **shared,
    )
    assert plateau.learning_rates[-1] < plateau.learning_rates[0]
    adaptive = gradient_descent_path(lambda x, y: abs(x) + abs(y), schedule="adaptive", **shared)
    assert adaptive.learning_rates[-1] < adaptive.learning_rates[0]
    assert (
        plateau.values[-1]
        < gradient_descent_path(lambda x, y: abs(x) + abs(y), **shared).values[-1]
    )


def test_noise_depends_on_the_seed_and_averages_reduce_it():
    options = {"learning_rate": 0.1, "momentum": 0, "noise": 1.0, "n_steps": 300}
    one, same, other = (
        gradient_descent_path("bowl", random_state=seed, **options) for seed in (0, 0, 1)
    )
    averaged = gradient_descent_path("bowl", average_decay=0.98, **options)
    np.testing.assert_array_equal(one.points, same.points)
    assert np.abs(one.points - other.points).max() > 0.1
    assert averaged.values[-50:].mean() < 0.5 * one.values[-50:].mean()


def test_the_name_of_a_path_lists_non_default_parameters():
    path = gradient_descent_path(
        "bowl", "adam", learning_rate=0.5, schedule="cosine", beta_1=0.5, amsgrad=True, n_steps=2
    )
    assert path.name == "adam, rate 0.5, cosine, beta_1 0.5, amsgrad True"
    assert repr(path).startswith("<adam, rate 0.5, cosine, beta_1 0.5, amsgrad True on bowl: f(")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"optimizer": "adem"},
            UnknownNameError,
            "'adem' is not a known optimizer. Did you mean 'adam'",
        ),
        ({"momentun": 0.5}, TypeError, "momentun=0.5 is not a parameter of 'sgd'. Did you mean"),
        ({"beta_1": 0.5}, TypeError, "It takes momentum, nesterovs_momentum, amsgrad"),
        ({"momentum": 2}, InvalidParameterError, "'momentum' parameter"),
        ({"start": (1, 2, 3)}, ValueError, r"start=\(1, 2, 3\) must be two finite numbers"),
        ({"n_steps": 0}, ValueError, "n_steps=0 must be an integer of at least 1"),
        ({"noise": -1}, ValueError, "noise=-1 must be a finite number of at least 0"),
        ({"learning_rate": 0}, ValueError, "learning_rate=0 must be a finite number above 0"),
    ],
)
def test_invalid_arguments_are_rejected(options, error, message):
    with pytest.raises(error, match=message):
        gradient_descent_path("bowl", **options)
