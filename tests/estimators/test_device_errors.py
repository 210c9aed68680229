"""Failures of a device in a fit and a prediction, raised by fakes; checkpoints between engines."""

import warnings

import numpy as np
import pytest

from lamina import MLPClassifier
from lamina.errors import CheckpointError, DeviceLostError, DeviceMemoryError
from lamina.members import Shared

torch = pytest.importorskip("torch", reason="needs PyTorch")
engine = pytest.importorskip("lamina.engines.pytorch.engine")
trainer = pytest.importorskip("lamina.engines.pytorch.trainer")

X = np.random.RandomState(0).normal(size=(60, 3))
y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int)
OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nMore text"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GiB)"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
]
LOST = [
    RuntimeError("CUDA error: unspecified launch failure\nCompile with TORCH_USE_CUDA_DSA"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
]
if hasattr(torch, "AcceleratorError"):
    LOST.append(torch.AcceleratorError("the launch timed out and was terminated"))


def build(**params):
    settings = {"max_iter": 12, "tol": 0, "n_iter_no_change": 99, "random_state": 0, **params}
    return MLPClassifier((6, 4), engine="pytorch", **settings)


def fit(model, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y, **options)


@pytest.fixture
def fails_after(monkeypatch):
    """`fails_after(n, error)`: every trainer raises the error in place of the epoch after n."""
    whole = trainer.PyTorchTrainer.epoch

    def install(n, error):
        done = []

        def epoch(self, *args, **options):
            if len(done) == n:
                raise error
            done.append(None)
            return whole(self, *args, **options)

        monkeypatch.setattr(trainer.PyTorchTrainer, "epoch", epoch)

    return install


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=str)
def test_too_little_memory_is_one_line_with_what_to_make_smaller(error, fails_after):
    fails_after(0, error)
    with pytest.raises(DeviceMemoryError) as caught:
        fit(build(batch_size=20))
    line = str(caught.value)
    assert line.startswith("device='cpu' has too little free memory for batch_size=20 and ")
    assert "hidden_layer_sizes=(6, 4)" in line
    assert "\n" not in line
    assert caught.value.__cause__ is error


def test_too_little_memory_for_members_names_them(fails_after):
    fails_after(0, OUT_OF_MEMORY[0])
    with pytest.raises(DeviceMemoryError, match=r"members=.*3.*fewer members"):
        fit(build(members=Shared(3)))


@pytest.mark.parametrize("error", LOST, ids=str)
def test_a_lost_device_is_one_line_with_the_first_line_of_the_reason(error, fails_after):
    fails_after(3, error)
    with pytest.raises(
        DeviceLostError, match=r"='cpu' failed during the fit: .*\. Start"
    ) as caught:
        fit(build())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("error", [OUT_OF_MEMORY[0], LOST[0]], ids=["memory", "lost"])
def test_the_last_checkpoint_is_whole_and_the_fit_resumes_from_it(error, fails_after, tmp_path):
    path = tmp_path / "fit.checkpoint"
    expected = fit(build())
    fails_after(5, error)
    with pytest.raises((DeviceMemoryError, DeviceLostError), match="is whole: resume="):
        fit(build(checkpoint=path))
    fails_after(99, error)
    resumed = fit(build(), resume=path)
    assert resumed.loss_curve_ == expected.loss_curve_
    assert all(map(np.array_equal, resumed.coefs_, expected.coefs_))


def test_a_failed_fit_leaves_an_earlier_one_as_it_was(fails_after):
    model = fit(build())
    before = [part.copy() for part in model.coefs_]
    fails_after(2, LOST[0])
    with pytest.raises(DeviceLostError):
        fit(model)
    assert all(map(np.array_equal, model.coefs_, before))


@pytest.mark.parametrize(
    ("error", "kind"), [(OUT_OF_MEMORY[0], DeviceMemoryError), (LOST[0], DeviceLostError)]
)
def test_a_prediction_names_its_own_cure(error, kind, monkeypatch):
    model = fit(build())

    def fail(self, network, X):
        raise error

    monkeypatch.setattr(engine.PyTorchEngine, "predict", fail)
    with pytest.raises(kind, match=r"prediction.*set device='cpu'"):
        model.predict(X)


def test_any_other_error_passes_unchanged(fails_after):
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    fails_after(1, error)
    with pytest.raises(RuntimeError, match="mat1 and mat2") as caught:
        fit(build())
    assert caught.value is error


@pytest.mark.parametrize("engines", [("native", "pytorch"), ("pytorch", "native")])
def test_a_checkpoint_goes_from_engine_to_engine(engines, tmp_path):
    first, then = (build(early_stopping=True).set_params(engine=name) for name in engines)
    path = tmp_path / "fit.checkpoint"
    fit(first.set_params(checkpoint=path, max_iter=6))
    resumed = fit(then, resume=path)
    expected = fit(build(early_stopping=True))
    assert len(resumed.loss_curve_) == len(expected.loss_curve_) == 12
    np.testing.assert_allclose(resumed.loss_curve_, expected.loss_curve_, rtol=1e-8)
    for found, of_expected in zip(resumed.coefs_, expected.coefs_, strict=True):
        np.testing.assert_allclose(found, of_expected, rtol=1e-8, atol=1e-10)


def test_a_checkpoint_of_the_reference_is_still_none_of_the_native_engine(tmp_path):
    pytest.importorskip("lamina._native")
    path = tmp_path / "fit.checkpoint"
    fit(build(checkpoint=path).set_params(engine="reference"))
    with pytest.raises(CheckpointError, match="engine='reference'"):
        fit(build().set_params(engine="native"), resume=path)
