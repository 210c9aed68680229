"""The parameter `device` of the estimators, on machines with and without a GPU."""

import pickle
import sys
import warnings

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.errors import DeviceError, DeviceUnavailableWarning, TorchMissingError
from lamina.estimators.fitting import engine_choice
from lamina.members import Independent

X = np.random.RandomState(0).normal(size=(40, 3))
CLASSES = (X[:, 0] > 0).astype(int)


def quick(estimator=MLPClassifier, **params):
    settings = {
        "hidden_layer_sizes": (4,),
        "max_iter": 200,
        "tol": 1,
        "n_iter_no_change": 1,
        "random_state": 0,
        **params,
    }
    return estimator(**settings)


@pytest.fixture
def each_warning():
    engine_choice._warn_of_the_cpu.cache_clear()
    yield
    engine_choice._warn_of_the_cpu.cache_clear()


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("device", [None, "cpu"])
def test_the_cpu_changes_no_bit_of_a_fit(estimator, device):
    found, expected = (quick(estimator, device=each).fit(X, CLASSES) for each in (device, None))
    assert found.engine_ == expected.engine_
    assert all(map(np.array_equal, found.coefs_, expected.coefs_))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_engine_of_the_fit_is_an_attribute(solver):
    model = quick(engine="reference", solver=solver, alpha=10)
    assert model.fit(X, CLASSES).engine_ == "reference"


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("gpu", "Did you mean 'cuda'"),
        ("cuda:x", "Did you mean 'cuda'"),
        (0, "'device' parameter of MLPClassifier must be a str among"),
    ],
)
def test_a_value_that_names_no_device_is_refused(value, match):
    with pytest.raises(InvalidParameterError, match=match):
        quick(device=value).fit(X, CLASSES)


def test_an_absent_device_is_refused_before_the_data_is_read():
    pytest.importorskip("torch")  # Without it the message is another.
    with pytest.raises(DeviceError, match=r"device='cuda:99' is not on this machine\. Present: "):
        quick(device="cuda:99").fit("no data", None)


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("params", [{"device": "cuda"}, {"engine": "pytorch"}])
def test_a_fit_without_torch_is_refused_with_the_extra_to_install(params):
    with pytest.raises(TorchMissingError, match=r'pip install "lamina\[torch\]"'):
        quick(**params).fit(X, CLASSES)


@pytest.mark.usefixtures("without_torch")
def test_auto_without_torch_is_the_cpu():
    found = quick(device="auto").fit(X, CLASSES)
    assert found.engine_ == quick().fit(X, CLASSES).engine_


@pytest.mark.usefixtures("each_warning", "without_torch")
@pytest.mark.parametrize("params", [{"device": "cuda:99"}, {"engine": "pytorch"}])
@pytest.mark.parametrize("way", ["pickle", "file"])
def test_a_model_of_an_absent_device_predicts_on_the_cpu_with_one_warning(params, way, tmp_path):
    model = quick().fit(X, CLASSES)
    expected = model.predict_proba(X)
    model.set_params(**params)
    if way == "pickle":
        loaded = pickle.loads(pickle.dumps(model))
    else:
        lamina.save(model, tmp_path / "m.lamina")
        loaded = lamina.load(tmp_path / "m.lamina")
    with pytest.warns(DeviceUnavailableWarning, match="computed on the CPU instead") as caught:
        found = loaded.predict_proba(X)
    assert len(caught) == 1
    assert np.array_equal(found, expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded.predict(X)


def test_a_device_of_a_fitted_model_is_checked_before_it_predicts():
    model = quick().fit(X, CLASSES).set_params(device="gpu")
    with pytest.raises(InvalidParameterError, match="Did you mean 'cuda'"):
        model.predict(X)


def test_a_verbose_fit_says_which_engine_and_device_it_uses(capsys):
    pytest.importorskip("torch", reason="needs PyTorch")
    model = quick(engine="pytorch", verbose=True).fit(X, CLASSES)
    assert capsys.readouterr().out.startswith("Engine: pytorch (cpu)\nIteration 1, loss = ")
    assert model.engine_ == "pytorch (cpu)"
    quick(verbose=True).fit(X, CLASSES)
    assert capsys.readouterr().out.startswith("Iteration 1, ")


def test_independent_members_name_their_device():
    pytest.importorskip("torch", reason="needs PyTorch")
    model = quick(engine="pytorch", members=Independent(2)).fit(X, CLASSES)
    assert model.engine_ == "pytorch (cpu)"
