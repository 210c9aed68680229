"""Fixtures for exports: fitted models of every kind, and runners for every format."""

from __future__ import annotations

import ctypes
import itertools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lamina
from lamina import MLPClassifier, MLPRegressor

X = np.random.RandomState(0).standard_normal((23, 4))
CODES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
# One model for each kind of output.
TARGETS: dict[str, Any] = {
    "one number": X[:, 0] * X[:, 1],
    "numbers": X[:, :3] ** 2,
    "counts": CODES,
    "binary": CODES > 0,
    "multiclass": np.array(["élan", 'say "hi"', "what??/\\"])[CODES],
    "multilabel": (X[:, :3] > 0).astype(int),
    "one class": np.zeros(len(X), dtype=int),
    "float classes": CODES + 0.0,
    "columns of labels": np.stack([CODES, CODES > 0, np.zeros(len(X), dtype=int)], axis=1),
    "columns of texts": np.array([["no", "yes", "éh"], ["b", "a", "c"]]).T[CODES],
    "mean and std": X[:, 0] * X[:, 1],
    "means and stds": X[:, :3] ** 2,
}
REGRESSIONS = {
    "one number": {},
    "numbers": {},
    "counts": {"loss": "poisson"},
    "mean and std": {"loss": "gaussian_nll"},
    "means and stds": {"loss": "gaussian_nll"},
}
# Kinds that scikit-learn does not support.
NOT_IN_SCIKIT_LEARN = {
    "columns of labels",
    "columns of texts",
    "mean and std",
    "means and stds",
}

Run = Callable[[Any, np.ndarray], np.ndarray]


def has_std(model: Any) -> bool:
    """Return True if a model predicts standard deviations."""
    return getattr(model, "loss", None) == "gaussian_nll"


def columns_of(model: Any, X: np.ndarray) -> np.ndarray:
    """Return lamina's own output as columns: predict_proba, or the prediction."""
    if isinstance(model, MLPClassifier):
        return side_by_side(model.predict_proba(X))
    asked = {"return_std": True} if has_std(model) else {}
    return side_by_side(model.predict(X, **asked))


def side_by_side(answer: Any) -> np.ndarray:
    """Return an array, or several of them, as columns."""
    parts = answer if isinstance(answer, list | tuple) else [answer]
    return np.hstack([np.asarray(part).reshape(len(part), -1) for part in parts])


@pytest.fixture(scope="session")
def answer() -> Run:
    """Return `answer(model, X)`, the expected output of every export."""
    return columns_of


@pytest.fixture(scope="session")
def rows() -> np.ndarray:
    """Input rows of all models, of shape (23, 4), float64."""
    return X


@pytest.fixture(scope="session")
def target() -> Callable[[str], np.ndarray]:
    """Return `target(kind)`, the target of the models of a kind."""
    return TARGETS.__getitem__


@pytest.fixture(scope="session")
def unfitted() -> Callable[..., Any]:
    """Return `unfitted(kind, **parameters)`, an unfitted model for the target of a kind."""

    def make(kind: str, **parameters: Any) -> Any:
        settings = {"hidden_layer_sizes": (7, 5), "random_state": 0, "max_iter": 3, **parameters}
        if kind in REGRESSIONS:
            return MLPRegressor(**{**REGRESSIONS[kind], **settings})
        return MLPClassifier(**settings)

    return make


@pytest.fixture(scope="session")
def fit(unfitted: Callable[..., Any]) -> Callable[..., Any]:
    """Return `fit(kind, dtype, **parameters)`, a model fitted for a few epochs."""

    def fitted(kind: str, dtype: str = "float64", **parameters: Any) -> Any:
        model = unfitted(kind, **parameters)
        with pytest.warns(Warning, match="hasn't converged"):
            model.fit(X.astype(dtype), TARGETS[kind])
        # Far enough from zero to reach both sides of every activation.
        for weights in model.coefs_:
            weights *= 2
        return model

    return fitted


@pytest.fixture(scope="session")
def kinds() -> list[str]:
    """All kinds of outputs."""
    return list(TARGETS)


@pytest.fixture(params=[kind for kind in TARGETS if kind not in NOT_IN_SCIKIT_LEARN])
def kind_of_theirs(request: pytest.FixtureRequest) -> str:
    """Each kind of output that scikit-learn supports."""
    return str(request.param)


@pytest.fixture(params=sorted(NOT_IN_SCIKIT_LEARN))
def kind_of_ours(request: pytest.FixtureRequest) -> str:
    """Each kind of output that scikit-learn does not support."""
    return str(request.param)


@pytest.fixture(params=TARGETS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of output."""
    return str(request.param)


def run_onnx(model: Any, X: np.ndarray) -> np.ndarray:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    proto = lamina.to_onnx(model)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    return side_by_side(session.run(_numbers_in(proto), {"X": X}))


def _numbers_in(proto: Any) -> list[str]:
    """Return the names of the outputs other than labels."""
    return [each.name for each in proto.graph.output if not each.name.startswith("label")]


def run_torch(model: Any, X: np.ndarray) -> np.ndarray:
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        answer = lamina.to_torch(model)(torch.from_numpy(X))
    p = side_by_side([answer] if isinstance(answer, torch.Tensor) else list(answer))
    is_binary = isinstance(model, MLPClassifier) and model.n_outputs_ == 1
    return np.hstack([1 - p, p]) if is_binary else p


def run_python(model: Any, X: np.ndarray) -> np.ndarray:
    names: dict[str, Any] = {}
    exec(compile(lamina.to_python(model), "model.py", "exec"), names)
    if isinstance(model, MLPClassifier):
        return side_by_side(names["predict_proba"](X))
    arguments = {"return_std": True} if has_std(model) else {}
    return side_by_side(names["predict"](X, **arguments))


def c_compiler() -> str | None:
    """Return the C compiler; None if there is none."""
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


@pytest.fixture(scope="session")
def compiler() -> str:
    """C compiler."""
    found = c_compiler()
    if found is None:
        pytest.skip("no C compiler: cc, gcc and clang are not on the PATH")
    return found


@pytest.fixture(scope="session")
def run_c(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Compile the header without warnings, and call it row by row."""
    folder, numbers = tmp_path_factory.mktemp("c"), itertools.count()
    return lambda model, X: run_header(model, X, compiler, folder, next(numbers))


def run_header(
    model: Any, X: np.ndarray, compiler: str, folder: Path, number: int = 0
) -> np.ndarray:
    """Compile a model's header in a folder as a numbered library, and call it."""
    source = lamina.to_c(model, folder / "model.h")
    real = "float" if X.dtype == np.float32 else "double"
    call, n_outputs = "mlp_predict(x, y);", "MLP_N_OUTPUTS"
    if "_with_std" in source:
        # Both ways must give the same means, whichever of them comes last.
        both = "mlp_predict_with_std(x, y, y + MLP_N_OUTPUTS);"
        call, n_outputs = f"{both} y[0] = 0; {call}", "2 * MLP_N_OUTPUTS"
    program = (
        '#include "model.h"\n'
        f"void run(const {real} *x, {real} *y);\n"
        f"void run(const {real} *x, {real} *y) {{ {call} }}\n"
        f"int n_outputs(void);\nint n_outputs(void) {{ return {n_outputs}; }}\n"
    )
    library = _library(compiler, folder, program, number)
    p = np.empty((len(X), library.n_outputs()), dtype=X.dtype)
    for x, y in zip(np.ascontiguousarray(X), p, strict=True):
        library.run(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
    return p


def _library(compiler: str, folder: Path, program: str, number: int) -> ctypes.CDLL:
    source, library = folder / "model.c", folder / f"model_{number}.so"
    source.write_text(program, encoding="utf-8")
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]
    command = [compiler, *flags, str(source), "-o", str(library), "-lm"]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    return ctypes.CDLL(str(library))


@pytest.fixture(scope="session")
def compile_c(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return `compile_c(header, program)`, which builds a program that includes "model.h"."""
    folder, numbers = tmp_path_factory.mktemp("headers"), itertools.count()

    def compiled(header: str, program: str) -> ctypes.CDLL:
        (folder / "model.h").write_text(header, encoding="utf-8")
        return _library(compiler, folder, f'#include "model.h"\n{program}', next(numbers))

    return compiled


@pytest.fixture(params=["onnx", "torch", "python", "c"])
def run(request: pytest.FixtureRequest) -> Run:
    """Each format: `run(model, X)` exports the model and runs the export on X."""
    if request.param == "c":
        return request.getfixturevalue("run_c")
    return {"onnx": run_onnx, "torch": run_torch, "python": run_python}[request.param]
