"""Fits to samples in files mapped into memory: the model of a fit in memory, with little memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.files import chunks
from lamina.files.disk_arrays import create_npy

SETTINGS: dict[str, object] = {
    "hidden_layer_sizes": (8,),
    "max_iter": 3,
    "batch_size": 64,
    "random_state": 0,
    "diagnostics": False,
}
N = 3000
X = np.random.default_rng(0).standard_normal((N, 4)).astype(np.float32)
VALUE = (X[:, 0] + X[:, 1] ** 2).astype(np.float64)
CLASSES = np.clip(VALUE, 0, 3).astype(np.int64)
LABELS = np.array(["low", "middle", "high", "top"])[CLASSES]
WEIGHT = np.random.default_rng(1).random(N) + 0.1
EARLY = {"early_stopping": True}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 500)
    monkeypatch.setattr(chunks, "FEWEST_BYTES_ON_DISK", 1000)


def on_disk(folder: Path, name: str, array: np.ndarray) -> np.ndarray:
    mapped = create_npy(folder / f"{name}.npy", array.shape, array.dtype)
    mapped[...] = array
    loaded: np.ndarray = np.load(folder / f"{name}.npy", mmap_mode="r")
    return loaded


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize(
    ("cls", "y", "settings"),
    [
        (MLPRegressor, VALUE, {}),
        (MLPRegressor, VALUE, EARLY),
        (MLPRegressor, VALUE, {**EARLY, "scale_target": True}),
        (MLPRegressor, VALUE, {**EARLY, "loss": "quantile", "quantile": [0.1, 0.9]}),
        (MLPRegressor, VALUE, {**EARLY, "monitor": "neg_mean_absolute_error"}),
        (MLPRegressor, VALUE, {**EARLY, "inputs": "piecewise_linear"}),
        (MLPRegressor, VALUE, {"initializer": "data"}),
        (MLPRegressor, VALUE, {"solver": "lbfgs"}),
        (MLPRegressor, np.stack([VALUE, -VALUE], axis=1), EARLY),
        (MLPClassifier, CLASSES, {**EARLY, "monitor": "validation_loss"}),
        (MLPClassifier, (CLASSES > 1).astype(np.int8), EARLY),
        (MLPClassifier, (CLASSES > 1).astype(np.int32), {**EARLY, "class_weight": "balanced"}),
        (MLPClassifier, LABELS, {**EARLY, "label_smoothing": 0.1}),
    ],
)
def test_a_fit_to_mapped_samples_has_the_bits_of_a_fit_in_memory(
    cls: type, y: np.ndarray, settings: dict[str, object], weighted: bool, tmp_path: Path
) -> None:
    weight = WEIGHT if weighted else None
    expected = cls(**SETTINGS | settings).fit(X, y, weight)
    mapped = None if weight is None else on_disk(tmp_path, "w", weight)
    model = cls(**SETTINGS | settings).fit(
        on_disk(tmp_path, "X", X), on_disk(tmp_path, "y", y), mapped
    )
    for ours, theirs in zip(model.coefs_, expected.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert model.loss_curve_ == expected.loss_curve_ if hasattr(expected, "loss_curve_") else True
    measured = [name for name in getattr(expected, "history_", {}) if name != "seconds"]
    for name in measured:
        np.testing.assert_array_equal(model.history_[name], expected.history_[name])


PROFILE = """
import resource, sys
import numpy as np
from lamina import MLPClassifier
from lamina.files.disk_arrays import create_npy
from pathlib import Path
n, folder = int(sys.argv[1]), Path(sys.argv[2])
X = create_npy(folder / "X.npy", (n, 20), "float32")
y = create_npy(folder / "y.npy", (n,), "int32")
random = np.random.default_rng(0)
for start in range(0, n, 50_000):
    X[start:start + 50_000] = x = random.standard_normal((50_000, 20))
    y[start:start + 50_000] = x[:, 0] > 0.5
model = MLPClassifier((8,), max_iter=1, batch_size=1024, early_stopping=True, random_state=0,
                      n_threads=1)
model.fit(X[:5000], y[:5000])
# Private memory of the process, without maps of files; the rest of the fit may take 120 MB.
taken = int(next(l for l in open("/proc/self/status") if l.startswith("VmData")).split()[1]) << 10
resource.setrlimit(resource.RLIMIT_DATA, (taken + 120_000_000, taken + 120_000_000))
model.fit(X, y)
print(model.n_iter_)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit counts private memory on Linux")
def test_the_memory_of_a_fit_does_not_grow_with_its_samples(tmp_path: Path) -> None:
    # 3,000,000 rows of 20 columns are 240 MB, and their order alone 24 MB.
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROFILE, "3000000", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.stdout.strip() == "1", ended.stderr
