"""The device of the estimators for tables: passed to their networks, checked before any work."""

import numpy as np
import pytest
from sklearn.utils._param_validation import InvalidParameterError

from lamina import TabularClassifier, TabularRegressor
from lamina.engines import devices
from lamina.engines.device import Device
from lamina.errors import DeviceError
from lamina.tabular.side_by_side import MemberFitter

X = np.random.RandomState(0).normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("estimator", [TabularClassifier, TabularRegressor])
def test_every_network_has_the_device(estimator):
    model = estimator(quality="fast", device="cpu", random_state=0)
    assert model._build({}).device == "cpu"


@pytest.mark.parametrize("estimator", [TabularClassifier, TabularRegressor])
def test_an_absent_device_is_refused_before_the_table_is_read(estimator):
    pytest.importorskip("torch")  # Without it the message is another.
    with pytest.raises(DeviceError, match="is not on this machine"):
        estimator(device="cuda:99").fit("no table", None)
    with pytest.raises(InvalidParameterError, match="Got 'gpu' instead"):
        estimator(device="gpu").fit(X, y)


def test_a_gpu_fits_one_network_at_a_time_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr(devices, "_torch_devices", lambda: [Device("cuda:0", "GPU")])
    assert MemberFitter(None, device="auto").workers == 1
    assert MemberFitter(3, device="cuda").workers == 3
