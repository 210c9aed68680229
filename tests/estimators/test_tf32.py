"""precision='tf32': refused in one line without its unit, and float32 elsewhere after the fit."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.utils._param_validation import InvalidParameterError

import lamina
from lamina import MLPClassifier
from lamina.engines import choose_engine, devices
from lamina.engines.device import Device
from lamina.errors import DeviceError
from lamina.estimators.fitting import engine_choice
from lamina.estimators.settings.device_choice import resolve_place

X, y = load_iris(return_X_y=True)


def build(**params):
    return MLPClassifier((4,), precision="tf32", max_iter=30, random_state=0, **params)


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({}, "device=None"),
        ({"device": "cpu"}, "device='cpu'"),
        ({"device": "mps"}, "device='mps'"),
        ({"engine": "pytorch"}, "device=None"),
        ({"engine": "native"}, "engine='native'"),
        ({"engine": "reference", "device": "auto"}, "engine='reference'"),
    ],
)
def test_a_device_without_it_is_refused_in_one_line_before_the_data_is_read(params, place):
    with pytest.raises(InvalidParameterError, match=f"NVIDIA's GPUs only, .* {place}") as caught:
        build(**params).fit("no data", None)
    assert "\n" not in str(caught.value)


def test_auto_without_a_gpu_is_refused_with_the_device_that_it_chose(monkeypatch):
    monkeypatch.setattr(devices, "_torch_devices", list)
    with pytest.raises(DeviceError, match=r"the device is 'cpu', .*\. Set precision=None"):
        build(device="auto").fit("no data", None)


def test_a_gpu_is_asked_whether_it_has_it(monkeypatch):
    found = [Device("cuda:0", "New", 10, has_tf32=True), Device("cuda:1", "Old", 10)]
    monkeypatch.setattr(devices, "_torch_devices", lambda: found)
    monkeypatch.setattr(devices, "is_torch_installed", lambda: True)
    for name in ("cuda", "auto", "cuda:0"):
        assert resolve_place(build(device=name)) == ("pytorch", "cuda:0")
    with pytest.raises(DeviceError, match="'cuda:1', Old"):
        resolve_place(build(device="cuda:1"))


@pytest.mark.parametrize("name", [None, "native", "reference"])
def test_every_engine_on_the_cpu_computes_it_in_float32(name):
    assert choose_engine(name, precision="tf32") == choose_engine(name)


def test_pytorch_on_the_cpu_computes_it_in_float32():
    pytest.importorskip("torch")
    assert choose_engine("pytorch", precision="tf32").precision is None


def test_a_model_of_a_gpu_predicts_and_is_exported_in_float32_elsewhere(tmp_path):
    engine_choice._warn_of_the_cpu.cache_clear()
    model = MLPClassifier((4,), dtype="float32", max_iter=30, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
        expected = model.predict_proba(X)
        # As a fit on a GPU leaves it.
        model.set_params(precision="tf32", device="cuda:99", dtype=None)
        lamina.save(model, tmp_path / "m.lamina")
        found = lamina.load(tmp_path / "m.lamina").predict_proba(X)
    engine_choice._warn_of_the_cpu.cache_clear()
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)
    exported = lamina.to_python(model)
    namespace = {}
    exec(exported, namespace)
    assert "uint32" not in exported
    assert "u4" not in exported
