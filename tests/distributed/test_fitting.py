"""A fit on any number of workers is that of one process, bit for bit."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.errors import UnsupportedFitError

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
FITS = {
    "sgd": {"solver": "sgd", "learning_rate_init": 0.1},
    "adam, clipped": {"solver": "adam", "max_gradient_norm": 0.5, "dtype": "float32"},
    "muon": {"solver": "muon"},
    "held out": {"solver": "adamw", "early_stopping": True, "average_decay": 0.9},
}


def make(**parameters):
    settings = {"hidden_layer_sizes": (20, 10), "max_iter": 4, "random_state": 0, "tol": 0.0}
    return lamina.MLPClassifier(**{**settings, **parameters})


def fit(model, **options):
    return lamina.distributed.fit(model, X, y, **options)


def assert_same(model, other):
    for part, of_other in zip(
        [*model.coefs_, *model.intercepts_], [*other.coefs_, *other.intercepts_], strict=True
    ):
        assert part.tobytes() == of_other.tobytes()
    assert model.loss_curve_ == other.loss_curve_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", FITS)
def test_1_2_and_4_workers_give_the_same_bits_as_one_process(client, name):
    expected = fit(make(**FITS[name]))
    for n_workers in (1, 2, 4):
        assert_same(fit(make(**FITS[name]), client=client, n_workers=n_workers), expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_on_shards_learns_as_a_plain_fit_does():
    plain = make(max_iter=20).fit(X, y)
    assert fit(make(max_iter=20)).score(X, y) == pytest.approx(plain.score(X, y), abs=0.02)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_number_of_shards_is_part_of_the_engine_and_of_the_order():
    four, eight = (fit(make(), n_shards=n_shards) for n_shards in (4, 8))
    assert (four.engine_, eight.engine_) == ("native on 4 shards", "native on 8 shards")
    assert four.loss_curve_ != eight.loss_curve_


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"solver": "lbfgs"}, "solver='lbfgs'"),
        ({"dropout": 0.5}, "dropout"),
        ({"normalization": "batch"}, "normalization='batch'"),
        ({"members": lamina.members.Independent(2)}, "Independent"),
    ],
)
def test_a_fit_that_does_not_add_up_from_shards_is_refused(parameters, named):
    with pytest.raises(UnsupportedFitError, match=named):
        fit(make(**parameters))


@pytest.mark.parametrize("options", [{"n_shards": 6}, {"n_shards": 4, "n_workers": 8}])
def test_numbers_that_are_no_powers_of_two_up_to_the_shards_are_refused(options):
    name, value = list(options.items())[-1]
    with pytest.raises(ValueError, match=rf"{name}={value} must be a power of two .*below is 4"):
        fit(make(), **options)


def test_workers_need_a_cluster():
    with pytest.raises(ValueError, match="n_workers=2 needs the processes of a cluster"):
        fit(make(), n_workers=2)


def test_only_perceptrons_are_fitted():
    with pytest.raises(TypeError, match="estimator=TabularClassifier is not fitted on several"):
        fit(lamina.TabularClassifier())


def test_more_workers_than_the_cluster_has_are_refused(client):
    with pytest.raises(ValueError, match=r"n_workers=8: the cluster at .* has 4 workers"):
        fit(make(), client=client, n_workers=8)


def test_callbacks_after_every_step_are_refused():
    class Observer:
        def on_step(self, fit):
            raise AssertionError

    with pytest.raises(UnsupportedFitError, match="on_step"):
        fit(make(callbacks=[Observer()]))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_of_samples_reach_the_workers(client):
    weight = np.random.RandomState(0).uniform(0, 2, len(y))
    one, two = (
        lamina.distributed.fit(make(), X, y, weight, **options)
        for options in ({}, {"client": client, "n_workers": 2})
    )
    assert_same(one, two)
    assert one.loss_curve_ != fit(make()).loss_curve_
