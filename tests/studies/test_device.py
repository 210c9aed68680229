"""Sweeps with a device: of the estimator, of a pipeline, of none."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, sweep
from lamina.engines import devices
from lamina.engines.device import Device
from lamina.errors import DeviceError
from lamina.studies.device import on_device, uses_gpu

X = np.random.RandomState(0).normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)
MODEL = MLPClassifier((4,), max_iter=5, random_state=0)


def test_the_device_replaces_that_of_the_estimator_in_every_fit():
    found, expected = (
        sweep(MODEL, X, y, "alpha", [0.1, 1.0], cv=2, device=d) for d in ("cpu", None)
    )
    assert found.to_dict()["test_score"] == expected.to_dict()["test_score"]


def test_a_pipeline_receives_the_device():
    pipeline = make_pipeline(StandardScaler(), MODEL)
    assert on_device(pipeline, "cpu").named_steps["mlpclassifier"].device == "cpu"
    assert MODEL.device is None


def test_an_absent_device_is_refused_before_the_first_fit():
    pytest.importorskip("torch")  # Without it the message is another.
    with pytest.raises(DeviceError, match="is not on this machine"):
        sweep(MODEL, X, y, "alpha", [0.1], device="cuda:99")


def test_an_estimator_without_a_device_is_refused():
    with pytest.raises(ValueError, match="DummyClassifier contains none"):
        sweep(DummyClassifier(), X, y, "strategy", ["prior"], device="cpu")


def test_a_gpu_is_recognised_inside_a_pipeline(monkeypatch):
    monkeypatch.setattr(devices, "_torch_devices", lambda: [Device("cuda:0", "GPU")])
    assert not uses_gpu(make_pipeline(StandardScaler(), MODEL))
    assert uses_gpu(make_pipeline(StandardScaler(), MLPClassifier(device="auto")))
