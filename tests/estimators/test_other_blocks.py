"""Estimators whose network has a block of another kind than 'dense', here a learned scale."""

import pickle
import warnings
from collections import namedtuple
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

import lamina
from lamina.blocks import Block, Role, Tensor
from lamina.errors import ExportError, UnsupportedBlockError
from lamina.estimators.fitting import fitted_network
from lamina.estimators.settings import architecture
from lamina.network import NetworkSpec

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::lamina.errors.NativeUnavailableWarning"),
]
X = np.random.RandomState(0).standard_normal((60, 4))
Y = X[:, 0] * X[:, 1]


@dataclass(frozen=True)
class Scale(Block):
    """a = scale a_prev, with one learned factor for each input."""

    kind: ClassVar[str] = "scale"
    Parameters: ClassVar[type] = namedtuple("Parameters", "scale")
    name: str
    fan_in: int

    @classmethod
    def examples(cls):
        return (cls("scale", 4),)

    @property
    def fan_out(self):
        return self.fan_in

    @property
    def tensors(self):
        return (Tensor("scale", (self.fan_in,), Role.UNIT_PARAMETERS, (1.0,)),)

    def forward(self, parameters, a_prev, mode, stream):
        return SimpleNamespace(a_prev=a_prev, a=a_prev * parameters.scale)

    def backward(self, parameters, passed, d_a):
        return d_a

    def write_gradient(self, passed, deltas, gradient, product):
        gradient.scale[...] = (deltas * passed.a_prev).sum(axis=0)

    def input_gradient(self, parameters, deltas, product):
        return deltas * parameters.scale


@pytest.fixture(autouse=True)
def with_a_scale(monkeypatch):
    plain = NetworkSpec.perceptron

    def perceptron(widths, *args, **options):
        spec = plain(widths, *args, **options)
        return replace(spec, blocks=(Scale("scale", widths[0]), *spec.blocks))

    caches = (architecture.build_network, fitted_network._spec)
    monkeypatch.setattr(NetworkSpec, "perceptron", perceptron)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.fixture(params=["adam", "lbfgs"])
def model(request):
    model = lamina.MLPRegressor(
        hidden_layer_sizes=(8,), solver=request.param, max_iter=30, random_state=0
    )
    return model.fit(X, Y)


def test_the_block_is_trained_and_predicts(model):
    [scale, *_] = model.unit_parameters_
    assert scale.shape == (4,)
    assert (scale != 1).all()
    assert [W.shape for W in model.coefs_] == [(4, 8), (8, 1)]
    plain = np.maximum(X * scale @ model.coefs_[0] + model.intercepts_[0], 0)
    expected = (plain @ model.coefs_[1] + model.intercepts_[1]).ravel()
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12)


def test_a_fit_continues(model):
    before = model.loss_
    assert model.set_params(warm_start=True).fit(X, Y).loss_ < before


def test_the_gradients_are_checked_and_the_layers_described(model):
    assert model.check_gradients(X, Y).passed
    assert [layer.layer for layer in model.describe(X).layers] == ["scale", "hidden_1", "output"]
    assert model.n_parameters_ == 4 + 4 * 8 + 8 + 8 + 1


def test_a_saved_or_pickled_model_predicts_the_same(model, tmp_path):
    lamina.save(model, tmp_path / "model.lamina")
    for again in (lamina.load(tmp_path / "model.lamina"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("export", [lamina.to_c, lamina.to_python, lamina.to_sklearn])
def test_exports_refuse_the_block_by_name(model, export):
    with pytest.raises(ExportError, match="block 'scale' of type Scale"):
        export(model)


def test_the_native_engine_is_refused_before_training():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnsupportedBlockError, match="block 'scale' is of kind 'scale'"):
            lamina.MLPRegressor(engine="native").fit(X, Y)
