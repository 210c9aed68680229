"""`Shared(…, own_rows=True)`: from the parameter to a resumed fit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_regression

import lamina
from lamina import MLPRegressor
from lamina.engines.reference import ReferenceEngine
from lamina.errors import ModelFileError, UnsupportedBlockError
from lamina.members import Shared
from lamina.training.callbacks import Snapshots

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_regression(90, 4, noise=1.0, random_state=0)


def regressor(**parameters):
    common = {"hidden_layer_sizes": (8,), "max_iter": 4, "random_state": 0, "batch_size": 16}
    return MLPRegressor(**{"members": Shared(3, own_rows=True), **common, **parameters})


class Orders:
    """Callback that keeps the samples of the next batch, after every epoch."""

    def __init__(self):
        self.batches = []

    def on_step(self, fit):
        self.batches.append(fit.ahead.rows)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_every_step_has_other_samples_for_each_member(engine):
    orders = Orders()
    regressor(engine=engine, callbacks=[orders]).fit(X, Y)
    batch = orders.batches[0]
    assert batch.shape == (16, 3)
    assert set(batch[:, 0]) != set(batch[:, 1])


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_resumed_fit_and_one_step_by_step_have_the_same_bits(tmp_path, engine, early_stopping):
    path = tmp_path / "fit.checkpoint"
    options = {"engine": engine, "early_stopping": early_stopping}
    expected = regressor(**options, max_iter=8).fit(X, Y)
    regressor(**options, checkpoint=path).fit(X, Y)
    resumed = regressor(**options, max_iter=8).fit(X, Y, resume=path)
    by_step = regressor(**options, max_iter=8, callbacks=[Orders()]).fit(X, Y)
    for other in (resumed, by_step):
        assert_array_equal(other.predict(X), expected.predict(X))
    plain = regressor(**options, max_iter=8, members=Shared(3)).fit(X, Y)
    assert (plain.predict(X) != expected.predict(X)).any()


def test_both_engines_fit_alike():
    one, other = (regressor(engine=name).fit(X, Y) for name in ("reference", "native"))
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-9)


def test_a_checkpoint_of_one_order_is_refused(tmp_path):
    path = tmp_path / "fit.checkpoint"
    regressor(checkpoint=path, members=Shared(3)).fit(X, Y)
    with pytest.raises((ValueError, ModelFileError), match="members"):
        regressor().fit(X, Y, resume=path)


def test_files_clones_and_further_fits_keep_the_option(tmp_path):
    model = regressor(callbacks=[Snapshots()]).fit(X, Y)
    assert clone(model).members.own_rows is True
    lamina.save(model.set_params(callbacks=None), tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    assert loaded.members.own_rows is True
    for each in (model, loaded):
        each.partial_fit(X, Y)
    assert_array_equal(model.predict(X), loaded.predict(X))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shuffle": False}, r"shuffle=False.*own_rows=True.*shuffle=True"),
        ({"solver": "lbfgs"}, r"solver='lbfgs'.*own_rows=True.*minibatch solver"),
    ],
    ids=str,
)
def test_fits_without_a_drawn_order_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        regressor(**parameters).fit(X, Y)


def test_an_engine_with_one_order_for_all_refuses_the_option_by_name(monkeypatch):
    monkeypatch.setattr(ReferenceEngine, "own_rows", False)
    with pytest.raises(UnsupportedBlockError, match=r"engine='reference'.*own_rows=True.*native"):
        regressor(engine="reference").fit(X, Y)
