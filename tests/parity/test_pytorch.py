"""Fits by the engine 'pytorch' beside fits by 'native': losses, checkpoints and predictions."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from tests.engines.local_engines import LOCAL_ENGINES

from lamina import MLPClassifier, MLPRegressor
from lamina.inputs import Periodic, PiecewiseLinear, Scaled
from lamina.members import Independent, Shared
from lamina.solvers import Muon

torch = pytest.importorskip("torch")
if "native" not in LOCAL_ENGINES:
    pytest.skip("the native extension is not built", allow_module_level=True)

N_EPOCHS = 20
random_state = np.random.RandomState(0)
X = random_state.standard_normal((50, 4))
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] + X[:, 2] > 0.5)
NUMBERS = np.sin(X[:, 0]) + X[:, 1] ** 2
COUNTS = random_state.poisson(2.0, 50).astype(float)
SEVERAL = np.column_stack([CLASSES, X[:, 3] > 0])
MISSING = np.column_stack([NUMBERS, np.where(X[:, 3] > 1, np.nan, X[:, 1])])
WEIGHT = random_state.uniform(0.5, 2, 50)

# Each of the configurations: its estimator, target and parameters.
CLASSIFIERS = {
    "defaults": (CLASSES, {}),
    "binary": (CLASSES > 0, {"activation": "tanh"}),
    "sgd": (CLASSES, {"solver": "sgd", "learning_rate_init": 0.05}),
    "no nesterov": (CLASSES, {"solver": "sgd", "nesterovs_momentum": False}),
    "adaptive": (CLASSES, {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1}),
    "adamw cosine": (CLASSES, {"solver": "adamw", "learning_rate": "cosine"}),
    "muon": (CLASSES, {"solver": Muon(), "hidden_layer_sizes": (6, 6)}),
    "focal": (CLASSES, {"loss": "focal", "label_smoothing": 0.1}),
    "several targets": (SEVERAL, {}),
    "dropout": (CLASSES, {"dropout": 0.3, "input_dropout": 0.1, "input_noise": 0.1}),
    "batch": (CLASSES, {"normalization": "batch", "hidden_layer_sizes": (6, 6)}),
    "early stopping": (CLASSES, {"early_stopping": True, "n_iter_no_change": 30}),
    "average": (CLASSES, {"average_decay": 0.9, "max_gradient_norm": 0.1}),
    "ntk": (CLASSES, {"parametrization": "ntk", "blended_activation": True}),
}
REGRESSORS = {
    "squared error": (NUMBERS, {}),
    "residual": (NUMBERS, {"hidden_layer_sizes": (6, 6), "residual": True}),
    "layer": (NUMBERS, {"normalization": "layer", "activation": "silu"}),
    "elastic net": (NUMBERS, {"penalty": "elasticnet", "alpha": 0.1}),
    "poisson": (COUNTS, {"loss": "poisson"}),
    "quantiles": (NUMBERS, {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}),
    "missing targets": (MISSING, {"activation": "prelu"}),
    "periodic": (NUMBERS, {"inputs": Periodic(n_frequencies=3)}),
    "piecewise linear": (NUMBERS, {"inputs": PiecewiseLinear(n_bins=4, n_outputs=2)}),
    "scaled": (NUMBERS, {"inputs": Scaled(), "rate_factors": {"scale": 6.0}}),
    "nadam": (NUMBERS, {"solver": "nadam", "activation": "gelu"}),
}
CASES = {
    **{name: (MLPClassifier, *rest) for name, rest in CLASSIFIERS.items()},
    **{name: (MLPRegressor, *rest) for name, rest in REGRESSORS.items()},
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks this small gain nothing from PyTorch's threads, which wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(engine, case, **changes):
    estimator, y, params = CASES[case]
    settings = {
        "hidden_layer_sizes": (6,),
        "batch_size": 16,
        "max_iter": N_EPOCHS,
        "random_state": 0,
        **params,
        **changes,
    }
    data = X.astype(changes.get("dtype", "float64"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator(engine=engine, **settings).fit(data, y)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-3)])
@pytest.mark.parametrize("case", CASES)
def test_the_first_losses_are_those_of_the_native_engine(case, dtype, tolerance):
    found, expected = (fitted(engine, case, dtype=dtype) for engine in ("pytorch", "native"))
    assert found.engine_ == "pytorch (cpu)"
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=tolerance)
    ours, theirs = found.predict(X[:9]), expected.predict(X[:9])
    np.testing.assert_allclose(ours, theirs, rtol=30 * tolerance, atol=30 * tolerance)
    assert ours.dtype == theirs.dtype


def test_the_configurations_are_as_many_as_promised():
    assert len(CASES) >= 24


def test_lbfgs_takes_the_steps_of_the_native_engine():
    found, expected = (
        fitted(engine, "squared error", solver="lbfgs", batch_size="auto")
        for engine in ("pytorch", "native")
    )
    assert found.n_iter_ == expected.n_iter_ == N_EPOCHS
    assert found.loss_ == pytest.approx(expected.loss_, rel=1e-8)


@pytest.mark.parametrize("case", ["dropout", "average", "adaptive", "batch"])
@pytest.mark.parametrize("engines", [("native", "pytorch"), ("pytorch", "native")], ids=str)
def test_a_checkpoint_of_one_engine_resumes_in_the_other(case, engines, tmp_path):
    first, second = engines
    path = tmp_path / "fit.checkpoint"
    fitted(first, case, max_iter=8, checkpoint=path)
    estimator, y, _ = CASES[case]
    whole = fitted("native", case)
    rest = estimator(**whole.get_params()).set_params(engine=second)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        rest.fit(X, y, resume=path)
    np.testing.assert_allclose(rest.loss_curve_, whole.loss_curve_, rtol=1e-8)
    for ours, theirs in zip(rest.coefs_, whole.coefs_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8)


def test_sparse_samples_and_weights_train_like_the_native_engine():
    samples = sparse.csr_array(np.where(X > 0.3, X, 0))
    settings = {"hidden_layer_sizes": (6,), "max_iter": 5, "random_state": 0, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found, expected = (
            MLPClassifier(engine=engine, **settings).fit(samples, CLASSES, sample_weight=WEIGHT)
            for engine in ("pytorch", "native")
        )
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-8)
    ours, theirs = (each.predict_proba(samples) for each in (found, expected))
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)


@pytest.mark.parametrize("members", [Independent(2), Shared(3)], ids=str)
def test_members_train_like_the_native_engine(members):
    found, expected = (
        fitted(engine, "dropout", members=members) for engine in ("pytorch", "native")
    )
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-8)
