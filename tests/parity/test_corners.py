"""The same numbers and errors as scikit-learn's in corner cases of a fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris
from tests.engines.local_engines import LOCAL_ENGINES

import lamina

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_DIABETES, Y_DIABETES = load_diabetes(return_X_y=True)

Same = Callable[..., None]
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.parametrize("engine", LOCAL_ENGINES),
]


def both(name: str, engine: str, **parameters: Any) -> tuple[Any, Any]:
    """Return lamina's and scikit-learn's estimator of that name."""
    return getattr(lamina, name)(engine=engine, **parameters), getattr(theirs, name)(**parameters)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("hidden", [(), 1, (3,), (9, 1, 4)], ids=str)
def test_every_activation_and_depth_has_the_same_numbers(
    assert_same: Same, engine: str, activation: str, hidden: Any
) -> None:
    parameters = {"hidden_layer_sizes": hidden, "activation": activation, "max_iter": 20}
    ours, expected = both("MLPClassifier", engine, random_state=3, **parameters)
    assert_same(ours.fit(X_IRIS, Y_IRIS), expected.fit(X_IRIS, Y_IRIS), X_IRIS)


@pytest.mark.parametrize("batch_size", [1, 7, 149, 150, "auto"])
@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_every_batch_size_and_penalty_has_the_same_numbers(
    assert_same: Same, engine: str, batch_size: Any, alpha: float
) -> None:
    parameters = {"hidden_layer_sizes": (6,), "batch_size": batch_size, "alpha": alpha}
    ours, expected = both("MLPClassifier", engine, random_state=3, max_iter=6, **parameters)
    assert_same(ours.fit(X_IRIS, Y_IRIS), expected.fit(X_IRIS, Y_IRIS), X_IRIS)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_iter_no_change", [1, 4])
@pytest.mark.parametrize("tol", [0.0, 1e-3])
def test_training_stops_in_the_same_epoch(
    assert_same: Same, engine: str, early_stopping: bool, n_iter_no_change: int, tol: float
) -> None:
    parameters = {"hidden_layer_sizes": (8,), "n_iter_no_change": n_iter_no_change, "tol": tol}
    parameters |= {"learning_rate_init": 0.05, "early_stopping": early_stopping, "batch_size": 50}
    ours, expected = both("MLPRegressor", engine, random_state=0, max_iter=300, **parameters)
    y = Y_DIABETES / 100
    expected.fit(X_DIABETES, y)
    assert_same(ours.fit(X_DIABETES, y), expected, X_DIABETES)


def test_unlimited_patience_runs_to_the_last_epoch(assert_same: Same, engine: str) -> None:
    parameters = {"hidden_layer_sizes": (4,), "n_iter_no_change": np.inf, "tol": 1e9}
    ours, expected = both("MLPClassifier", engine, random_state=0, max_iter=30, **parameters)
    assert_same(ours.fit(X_IRIS, Y_IRIS), expected.fit(X_IRIS, Y_IRIS), X_IRIS)
    assert ours.n_iter_ == 30


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_float32_inputs_give_the_dtypes_of_scikit_learn(
    engine: str, solver: str, name: str
) -> None:
    ours, expected = both(name, engine, solver=solver, max_iter=10, random_state=0)
    X = X_IRIS.astype(np.float32)
    ours.fit(X, Y_IRIS)
    expected.fit(X, Y_IRIS)
    assert ours.n_iter_ == expected.n_iter_
    assert [w.dtype for w in ours.coefs_] == [w.dtype for w in expected.coefs_]
    assert [b.dtype for b in ours.intercepts_] == [b.dtype for b in expected.intercepts_]
    for rows in (X, X_IRIS, X_IRIS.astype(int)):
        answer = "predict_proba" if name == "MLPClassifier" else "predict"
        prediction = getattr(ours, answer)(rows)
        reference_value = getattr(expected, answer)(rows)
        assert prediction.dtype == reference_value.dtype
        np.testing.assert_allclose(prediction, reference_value, rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
@pytest.mark.parametrize("interface", ["array", "matrix"])
def test_every_sparse_format_has_the_same_numbers(
    assert_same: Same, engine: str, kind: str, interface: str
) -> None:
    X = getattr(sparse, f"{kind}_{interface}")(np.where(X_IRIS > 3, X_IRIS, 0))
    ours, expected = both("MLPClassifier", engine, max_iter=15, random_state=0)
    assert_same(ours.fit(X, Y_IRIS), expected.fit(X, Y_IRIS), X)


def test_unsorted_and_repeated_sparse_columns_have_the_same_numbers(
    assert_same: Same, engine: str
) -> None:
    columns, starts = [3, 0, 1, 1, 2, 0], [0, 2, 4, 6]
    X = sparse.csr_array((np.arange(1.0, 7.0), columns, starts), shape=(3, 4))
    before = X.copy()
    ours, expected = both("MLPRegressor", engine, max_iter=5, random_state=0)
    assert_same(ours.fit(X, [1, 2, 4]), expected.fit(X.toarray(), [1, 2, 4]), X.toarray())
    np.testing.assert_array_equal(X.indices, before.indices)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_generator_is_drawn_from_in_the_same_order(
    assert_same: Same, engine: str, early_stopping: bool
) -> None:
    ours, expected = both("MLPClassifier", engine, max_iter=5, early_stopping=early_stopping)
    our_generator, their_generator = (np.random.RandomState(8) for _ in range(2))
    ours.set_params(random_state=our_generator).fit(X_IRIS, Y_IRIS)
    expected.set_params(random_state=their_generator).fit(X_IRIS, Y_IRIS)
    assert_same(ours, expected, X_IRIS)
    assert our_generator.randint(2**31) == their_generator.randint(2**31)


def test_partial_fit_continues_to_draw_from_a_generator(assert_same: Same, engine: str) -> None:
    ours, expected = both("MLPClassifier", engine)
    for model in (ours, expected):
        model.set_params(random_state=np.random.RandomState(8), batch_size=20)
        for _ in range(4):
            model.partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])
    assert_same(ours, expected, X_IRIS)


def test_the_global_generator_is_used_if_none_is_given(assert_same: Same, engine: str) -> None:
    ours, expected = both("MLPClassifier", engine, max_iter=5)
    for model in (ours, expected):
        np.random.seed(8)  # noqa: NPY002 - the very generator that is meant
        model.fit(X_IRIS, Y_IRIS)
    assert_same(ours, expected, X_IRIS)


def test_adaptive_learning_rate_is_lowered_until_it_ends_the_fit(
    assert_same: Same, engine: str
) -> None:
    parameters = {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.5, "max_iter": 400}
    ours, expected = both("MLPClassifier", engine, random_state=0, **parameters)
    assert_same(ours.fit(X_IRIS, Y_IRIS), expected.fit(X_IRIS, Y_IRIS), X_IRIS)
    assert ours._learning_rate == expected._optimizer.learning_rate <= 1e-6


def test_inverse_scaling_continues_over_warm_starts_and_partial_fits(
    assert_same: Same, engine: str
) -> None:
    parameters = {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.25}
    ours, expected = both("MLPClassifier", engine, random_state=0, max_iter=3, **parameters)
    for model in (ours, expected):
        model.set_params(warm_start=True).fit(X_IRIS, Y_IRIS).fit(X_IRIS, Y_IRIS)
        model.set_params(warm_start=False).partial_fit(X_IRIS, Y_IRIS)
    assert_same(ours, expected, X_IRIS)
    assert ours._learning_rate == expected._optimizer.learning_rate
    assert ours._learning_rate == 0.001 / (7 * 150 + 1) ** 0.25


def test_verbose_prints_the_same_lines(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [
        {"solver": "adam", "tol": 0.1, "n_iter_no_change": 3},
        {"solver": "adam", "early_stopping": True, "tol": 0.1, "n_iter_no_change": 3},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.5, "n_iter_no_change": 2},
        {"solver": "sgd", "max_iter": 3},
    ]
    for case in cases:
        ours, expected = both("MLPClassifier", engine, verbose=True, random_state=0, **case)
        ours.fit(X_IRIS, Y_IRIS)
        printed = capsys.readouterr().out
        expected.fit(X_IRIS, Y_IRIS)
        assert printed == capsys.readouterr().out


@pytest.mark.parametrize("values", [[1.0, np.nan], [np.inf, 1.0]])
def test_non_finite_samples_are_refused(engine: str, values: list[float]) -> None:
    for model in both("MLPRegressor", engine):
        with pytest.raises(ValueError, match=r"contains (NaN|infinity)"):
            model.fit(np.array([values, [1.0, 2.0]]), [1.0, 2.0])


def assert_same_kind_of_error(call: Callable[[], Any], their_call: Callable[[], Any]) -> None:
    """Check that our error is an instance of theirs, or of the built-in base of a NumPy error."""
    with pytest.raises(Exception) as theirs_raised:  # noqa: PT011 - only its type is compared
        their_call()
    kinds = theirs_raised.type.__mro__
    kind = next(kind for kind in kinds if kind.__module__.partition(".")[0] != "numpy")
    with pytest.raises(kind):
        call()


BAD_CALLS: dict[str, Callable[[Any], Any]] = {
    "all_weights_zero": lambda m: m.fit(X_IRIS, Y_IRIS, sample_weight=np.zeros(150)),
    "one_weight_missing": lambda m: m.fit(X_IRIS, Y_IRIS, sample_weight=np.ones(149)),
    "a_batch_without_weight": lambda m: m.set_params(batch_size=10, shuffle=False).fit(
        X_IRIS, Y_IRIS, sample_weight=(np.arange(150) >= 10).astype(float)
    ),
    "a_width_of_zero": lambda m: m.set_params(hidden_layer_sizes=(3, 0)).fit(X_IRIS, Y_IRIS),
    "a_negative_width": lambda m: m.set_params(hidden_layer_sizes=[-1]).fit(X_IRIS, Y_IRIS),
    "a_broken_width": lambda m: m.set_params(hidden_layer_sizes=[2.5]).fit(X_IRIS, Y_IRIS),
    "a_width_in_words": lambda m: m.set_params(hidden_layer_sizes="ten").fit(X_IRIS, Y_IRIS),
    "no_validation_rows": lambda m: m.set_params(early_stopping=True, validation_fraction=0.0).fit(
        X_IRIS, Y_IRIS
    ),
    "one_validation_row": lambda m: m.set_params(early_stopping=True, validation_fraction=0.3).fit(
        X_IRIS[:3], Y_IRIS[:3]
    ),
    "partial_fit_that_stops_early": lambda m: m.set_params(early_stopping=True).partial_fit(
        X_IRIS, Y_IRIS
    ),
    "other_features_than_before": lambda m: m.fit(X_IRIS, Y_IRIS).predict(X_IRIS[:, :2]),
    "not_fitted": lambda m: m.predict(X_IRIS),
    "rows_and_targets_of_two_lengths": lambda m: m.fit(X_IRIS, Y_IRIS[:-1]),
    "no_rows": lambda m: m.fit(X_IRIS[:0], Y_IRIS[:0]),
    "complex_rows": lambda m: m.fit(X_IRIS + 1j, Y_IRIS),
    "an_unknown_solver": lambda m: m.set_params(solver="newton-cg").fit(X_IRIS, Y_IRIS),
    "an_unknown_parameter": lambda m: m.set_params(hidden=3),
    "a_batch_of_none": lambda m: m.set_params(batch_size=0).fit(X_IRIS, Y_IRIS),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_scikit_learns_errors_are_raised_with_the_same_type(
    engine: str, name: str, call: Callable[[Any], Any]
) -> None:
    ours, expected = both(name, engine, max_iter=2)
    assert_same_kind_of_error(lambda: call(ours), lambda: call(expected))


BAD_TARGETS: dict[str, Any] = {
    "words_for_numbers": np.array(["a", "b", "c"] * 50),
    "objects_for_numbers": np.array(["a", "b", "c"] * 50, dtype=object),
    "numbers_in_words": np.array(["1", "2", "3"] * 50),
    "times": np.arange(150).astype("datetime64[s]"),
    "missing": np.where(Y_IRIS == 1, np.nan, 1.0),
    "sparse_column": sparse.csr_matrix(np.eye(150)[:, :1]),
    "three_dimensions": np.zeros((150, 2, 2)),
    "no_column": np.zeros((150, 0)),
}


@pytest.mark.parametrize("y", BAD_TARGETS.values(), ids=BAD_TARGETS)
def test_targets_that_are_not_numbers_are_refused_by_the_regressor(engine: str, y: Any) -> None:
    ours, expected = both("MLPRegressor", engine, max_iter=2)
    assert_same_kind_of_error(lambda: ours.fit(X_IRIS, y), lambda: expected.fit(X_IRIS, y))


@pytest.mark.parametrize(
    "y",
    [BAD_TARGETS["missing"], BAD_TARGETS["sparse_column"], Y_IRIS + 0.5, X_IRIS[:, :2]],
    ids=["missing", "sparse_column", "continuous", "two_continuous_columns"],
)
def test_targets_that_are_not_labels_are_refused_by_the_classifier(engine: str, y: Any) -> None:
    ours, expected = both("MLPClassifier", engine, max_iter=2)
    assert_same_kind_of_error(lambda: ours.fit(X_IRIS, y), lambda: expected.fit(X_IRIS, y))
